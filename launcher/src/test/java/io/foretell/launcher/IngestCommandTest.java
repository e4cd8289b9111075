package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestCommandTest {
    @TempDir
    Path folder;

    private HttpServer server;
    private final List<JsonNode> received = new ArrayList<>();
    private final List<Integer> batches = new ArrayList<>();
    private final List<String> keys = new ArrayList<>();
    private final Deque<Integer> refusals = new ArrayDeque<>();
    private String retryAfter = "2";

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/documents", this::answer);
        server.start();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
    }

    /** Refuses as told, and texts that contain "bad". */
    private synchronized void answer(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        Integer refusal = refusals.poll();
        if (refusal != null) {
            exchange.getResponseHeaders().add("Retry-After", retryAfter);
            send(exchange, refusal, "{\"detail\": \"no room\"}");
            return;
        }
        List<String> rejected = new ArrayList<>();
        int line = 0;
        for (String document : body.split("\n")) {
            line++;
            JsonNode parsed = Json.mapper().readTree(document);
            if (parsed.path("text").asText().contains("bad")) {
                rejected.add("{\"line\": " + line + ", \"detail\": \"it is bad\"}");
            } else {
                received.add(parsed);
            }
        }
        batches.add(line);
        send(exchange, 202, "{\"accepted\": " + (line - rejected.size()) + ", \"rejected\": " + rejected + "}");
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Test
    void documentsOfAllFilesArriveInBatches() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 450; i++) {
            lines.append("{\"id\": \"d")
                    .append(i)
                    .append("\", \"text\": \"text ")
                    .append(i)
                    .append("\", \"u\": 1}\n");
        }
        write("a.jsonl", lines.toString());
        write("b.txt", "one\n\ntwo\n");
        Commands.Outcome outcome = ingest(folder.toString(), "--split", "paragraphs", "--domain", "d");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(batches).containsExactly(200, 200, 52);
        assertThat(received).hasSize(452);
        assertThat(received.get(0).path("id").asText()).isEqualTo("d0");
        assertThat(received.get(0).path("meta").path("u").asText()).isEqualTo("1");
        assertThat(received.get(451).path("text").asText()).isEqualTo("two");
        assertThat(received.get(451).path("domain").asText()).isEqualTo("d");
        assertThat(outcome.out()).contains("452 documents", "0 rejected");
    }

    @Test
    void aMegabyteIsABatch() throws IOException {
        for (int i = 0; i < 3; i++) {
            write(i + ".txt", "word ".repeat(150_000) + i);
        }
        assertThat(ingest(folder.toString()).status()).isZero();
        assertThat(batches).containsExactly(2, 1);
    }

    @Test
    void templateTakesALineBreakAsItIsTyped() throws IOException {
        write("q.jsonl", "{\"question\": \"why?\", \"answer\": \"so\"}\n");
        ingest(folder.resolve("q.jsonl").toString(), "--template", "{question}\\n{answer}");
        assertThat(received.get(0).path("text").asText()).isEqualTo("why?\nso");
    }

    @Test
    void rejectedDocumentsAreNamedWithTheirReason() throws IOException {
        write("a.jsonl", "{\"text\": \"fine\"}\n{oops\n{\"text\": \"a bad one\"}\n");
        Commands.Outcome outcome = ingest(folder.toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).contains("a.jsonl line 2: it is not valid JSON");
        assertThat(outcome.err()).contains("a.jsonl \"a bad one\": it is bad");
        assertThat(outcome.out()).contains("1 documents", "2 rejected");
    }

    @Test
    void onlyTheFirstTenRejectionsAreListed() throws IOException {
        write("a.jsonl", "{\"text\": \"bad\", \"id\": \"x\"}\n".repeat(25));
        Commands.Outcome outcome = ingest(folder.toString());
        assertThat(outcome.err().lines()).hasSize(10);
        assertThat(outcome.out()).contains("and 15 more");
    }

    @Test
    void busyServerIsWaitedForAsItAsks() throws IOException, InterruptedException {
        refusals.addAll(List.of(429, 503, 429));
        List<Duration> pauses = new ArrayList<>();
        DocumentClient client = new DocumentClient(url(), null, pauses::add);
        assertThat(client.post("{\"text\": \"a\"}\n".getBytes(StandardCharsets.UTF_8))
                        .accepted())
                .isEqualTo(1);
        assertThat(pauses).containsExactly(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2));
    }

    @Test
    void serverThatStaysBusyIsGivenUp() {
        retryAfter = "3600";
        for (int i = 0; i < 40; i++) {
            refusals.add(503);
        }
        List<Duration> pauses = new ArrayList<>();
        DocumentClient client = new DocumentClient(url(), null, pauses::add);
        assertThatThrownBy(() -> client.post("{\"text\": \"a\"}\n".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining("503: no room");
        assertThat(pauses).hasSize(10).containsOnly(Duration.ofSeconds(30));
    }

    @Test
    void refusalIsToldWithWhatToDo() throws IOException {
        refusals.add(401);
        write("a.txt", "a");
        Commands.Outcome outcome = ingest(folder.toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).contains("answered 401: no room; give the key with --api-key-file");
    }

    @Test
    void keyIsReadFromAFile() throws IOException {
        Path key = Files.writeString(folder.resolve("key"), "secret\n");
        write("a.txt", "a");
        ingest(folder.resolve("a.txt").toString(), "--api-key-file", key.toString());
        assertThat(keys).containsExactly("Bearer secret");
    }

    @Test
    void serverThatIsNotThereIsOneSentence() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<Duration> pauses = new ArrayList<>();
        DocumentClient client = new DocumentClient("http://127.0.0.1:" + port, null, pauses::add);
        assertThatThrownBy(() -> client.post(new byte[] {'{', '}'}))
                .hasMessageContaining("no server answers at")
                .hasMessageContaining("./foretell up");
        assertThat(pauses).hasSize(3);
    }

    @Test
    void wrongArgumentsAreSentences() throws IOException {
        assertThat(ingest("/no/such/file").err()).contains("there is no file or folder /no/such/file");
        assertThat(ingest(write("a.bin", "x").toString()).err())
                .contains("is not .txt, .md, .jsonl, .ndjson or .json (also .gz)");
        assertThat(ingest(folder.toString(), "--split", "words").status()).isEqualTo(2);
        assertThat(Commands.run("ingest", folder.toString(), "--url", "nowhere").err())
                .contains("--url is 'nowhere' but must look like http://127.0.0.1:8080");
        assertThat(Commands.run("ingest").status()).isEqualTo(2);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private Commands.Outcome ingest(String path, String... more) {
        String[] args = new String[4 + more.length];
        args[0] = "ingest";
        args[1] = path;
        args[2] = "--url";
        args[3] = url();
        System.arraycopy(more, 0, args, 4, more.length);
        return Commands.run(args);
    }
}
