package io.foretell.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** A headless Chromium with one page, driven over its debugging protocol. Closing it ends it. Used by one thread. */
final class Browser implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);
    private static final long ANSWER_SECONDS = 120;

    private final Process process;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger ids = new AtomicInteger();

    private Browser(Process process, String address) {
        this.process = process;
        this.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create(address), new Listener())
                .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    /** The program on the PATH, if there is one. */
    static Optional<Path> program() {
        for (String place : System.getenv().getOrDefault("PATH", "").split(":")) {
            for (String name : List.of("chromium", "chromium-browser", "google-chrome")) {
                Path file = Path.of(place).resolve(name);
                if (Files.isExecutable(file)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }

    /** @param profile a new folder for what the browser keeps */
    static Browser start(Path program, Path profile) throws IOException {
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--disable-dev-shm-usage",
                        "--hide-scrollbars",
                        "--user-data-dir=" + profile,
                        "--window-size=1360,2000",
                        "--remote-debugging-port=0",
                        "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Path port = profile.resolve("DevToolsActivePort");
            String address = Awaitility.await("the browser's page")
                    .atMost(START)
                    .ignoreExceptions()
                    .until(() -> page(Files.readAllLines(port).get(0)), found -> !found.isEmpty());
            return new Browser(process, address);
        } catch (RuntimeException e) {
            end(process);
            throw e;
        }
    }

    private static String page(String port) throws IOException, InterruptedException {
        JsonNode targets = TestRun.json(HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list"))
                                .timeout(Duration.ofSeconds(10))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body());
        for (JsonNode target : targets) {
            if (target.path("type").asText().equals("page")) {
                return target.path("webSocketDebuggerUrl").asText();
            }
        }
        return "";
    }

    /** Goes to {@code url}; returns before the page is there. */
    void open(String url) {
        ask("Network.enable", Map.of());
        ask("Page.navigate", Map.of("url", url));
    }

    /** The value of a JavaScript expression, as text. */
    String evaluate(String expression) {
        JsonNode answer = ask("Runtime.evaluate", Map.of("expression", "String(" + expression + ")"));
        return answer.path("result").path("value").asText();
    }

    /** Waits until a JavaScript expression is true. */
    void await(String expression, Duration deadline) {
        Awaitility.await(expression + " in the page").atMost(deadline).until(() -> isTrue(expression));
    }

    private boolean isTrue(String expression) {
        try {
            return evaluate(expression).equals("true");
        } catch (AssertionError e) {
            return false; // the page is being replaced
        }
    }

    /** The addresses of everything that was asked for so far. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    /** Writes a picture of the whole page. */
    void picture(Path file) throws IOException {
        JsonNode answer = ask("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, Base64.getDecoder().decode(answer.path("data").asText()));
    }

    private JsonNode ask(String method, Map<String, Object> parameters) {
        int id = ids.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, answer);
        ObjectNode message = Json.mapper().createObjectNode();
        message.put("id", id).put("method", method);
        message.set("params", Json.mapper().valueToTree(parameters));
        socket.sendText(message.toString(), true)
                .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS)
                .join();
        JsonNode got = answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
        if (got.has("error")) {
            throw new AssertionError(method + " failed: " + got);
        }
        return got.path("result");
    }

    private void heard(String text) {
        JsonNode message = TestRun.json(text);
        CompletableFuture<JsonNode> answer = asked.remove(message.path("id").asInt());
        if (answer != null) {
            answer.complete(message);
        } else if (message.path("method").asText().equals("Network.requestWillBeSent")) {
            requests.add(message.path("params").path("request").path("url").asText());
        }
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                heard(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedStage(null);
        }
    }

    private static void end(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        socket.abort();
        end(process);
    }
}
