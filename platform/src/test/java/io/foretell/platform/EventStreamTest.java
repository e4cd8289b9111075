package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventStreamTest {
    private static final long TICK_MS = 20;

    private final Metrics metrics = new Metrics();
    private final EventStream events = new EventStream(3, TICK_MS);
    private Vertx vertx;
    private HttpService service;

    @BeforeEach
    void serve() throws Exception {
        vertx = Vertx.vertx();
        HttpSettings settings = new HttpSettings("127.0.0.1", 0, null, null, 1000);
        Routes routes = router -> router.get("/events").handler(events.handler());
        service = HttpService.start(vertx, settings, List.of(routes), metrics, new Health())
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        events.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        metrics.close();
    }

    @Test
    void everyClientHearsEventsInOrderAndPings() throws Exception {
        events.publish("early", "{}");
        try (Reader one = new Reader("");
                Reader two = new Reader("")) {
            awaitTrue(() -> events.clients() == 2);
            events.publish("step", "{\"n\":1}");
            events.publish("step", "{\"n\":\n2}");

            for (Reader reader : List.of(one, two)) {
                assertThat(reader.lines(8))
                        .containsExactly(
                                "id: 2",
                                "event: step",
                                "data: {\"n\":1}",
                                "id: 3",
                                "event: step",
                                "data: {\"n\":",
                                "data: 2}",
                                ": ping");
            }
        }
        awaitTrue(() -> events.clients() == 0);
    }

    @Test
    void aReturningClientGetsWhatItMissed() throws Exception {
        for (int n = 1; n <= 5; n++) {
            events.publish("step", "{}");
        }
        try (Reader reader = new Reader("Last-Event-ID: 4\r\n")) {
            assertThat(reader.lines(1)).containsExactly("id: 5");
        }
        try (Reader reader = new Reader("Last-Event-ID: 1\r\n")) {
            assertThat(reader.lines(4)).startsWith("id: 3").endsWith("id: 4");
        }
        try (Reader fromAnEarlierProcess = new Reader("Last-Event-ID: 900\r\n")) {
            assertThat(fromAnEarlierProcess.lines(1)).containsExactly("id: 3");
        }
    }

    @Test
    void aClientThatDoesNotReadIsClosed() throws Exception {
        try (Socket silent = connect("")) {
            awaitTrue(() -> events.clients() == 1);
            String large = "\"" + "x".repeat(1 << 20) + "\"";
            for (int n = 0; n < 16; n++) {
                events.publish("large", large);
            }
            awaitTrue(() -> events.clients() == 0);
        }
    }

    @Test
    void closingEndsEveryAnswer() throws Exception {
        try (Reader reader = new Reader("")) {
            awaitTrue(() -> events.clients() == 1);
            events.close();
            assertThat(reader.rest()).isTrue();
        }
        try (Reader late = new Reader("")) {
            assertThat(late.head).contains("503");
        }
    }

    private Socket connect(String headers) throws IOException {
        Socket socket = new Socket("127.0.0.1", service.port());
        socket.setSoTimeout(60_000);
        String request = "GET /events HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static void awaitTrue(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 6000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(10);
        }
        assertThat(condition.getAsBoolean()).as("within a minute").isTrue();
    }

    /** Reads event lines and leaves out chunk sizes and blank lines. */
    private final class Reader implements AutoCloseable {
        private final Socket socket;
        private final BufferedReader input;
        private final String head;

        private Reader(String headers) throws IOException {
            socket = connect(headers);
            input = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            head = input.readLine();
        }

        private List<String> lines(int count) throws IOException {
            List<String> lines = new ArrayList<>();
            while (lines.size() < count) {
                String line = input.readLine();
                if (line.startsWith("id: ")
                        || line.startsWith("event: ")
                        || line.startsWith("data: ")
                        || line.startsWith(": ping") && lines.size() == count - 1) {
                    lines.add(line);
                }
            }
            return lines;
        }

        private boolean rest() throws IOException {
            String line = input.readLine();
            while (line != null && !line.equals("0")) {
                line = input.readLine();
            }
            return true;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
