package io.foretell.judge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.foretell.platform.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A real HTTP server that answers, or misbehaves, as a test says. */
final class JudgeServer implements AutoCloseable {
    static {
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    /** What one request is answered with. */
    interface Behaviour {
        void answer(HttpExchange exchange, JsonNode body) throws IOException;
    }

    record Asked(String path, String authorization, JsonNode body) {
        String lastMessage() {
            JsonNode messages = body.path("messages");
            return messages.path(messages.size() - 1).path("content").asText();
        }
    }

    final List<Asked> asked = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger atOnce = new AtomicInteger();
    final AtomicInteger mostAtOnce = new AtomicInteger();
    final CountDownLatch gate = new CountDownLatch(1);
    private final Deque<Behaviour> behaviours = new ArrayDeque<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;

    JudgeServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    /** Behaves so for the next request; the last behaviour stays. */
    JudgeServer then(Behaviour behaviour) {
        synchronized (behaviours) {
            behaviours.addLast(behaviour);
        }
        return this;
    }

    JudgeServer thenSays(String text) {
        return then((exchange, body) -> send(exchange, 200, completion(text), Map.of()));
    }

    /** Says what the function makes of the last message. */
    JudgeServer thenAnswers(Function<String, String> answer) {
        return then((exchange, body) -> {
            JsonNode messages = body.path("messages");
            String question = messages.path(messages.size() - 1).path("content").asText();
            send(exchange, 200, completion(answer.apply(question)), Map.of());
        });
    }

    JudgeServer thenStatus(int status, Map<String, String> headers) {
        return then((exchange, body) -> send(exchange, status, "", headers));
    }

    JudgeServer thenBody(String text) {
        return then((exchange, body) -> send(exchange, 200, text, Map.of()));
    }

    JudgeServer thenHangsUp() {
        return then((exchange, body) -> exchange.close());
    }

    /** Sends the answer's head at once and its body never. */
    JudgeServer thenStalls() {
        return then((exchange, body) -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            pass();
        });
    }

    /** Counts who is behind the gate: in before it, out before the answer, after which the next may come. */
    JudgeServer thenSaysBehindTheGate(String text) {
        return then((exchange, body) -> {
            mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            pass();
            atOnce.decrementAndGet();
            send(exchange, 200, completion(text), Map.of());
        });
    }

    /** A chat completion that cost 100 tokens to read and 10 to write. */
    static String completion(String text) {
        ObjectNode body = Json.mapper().createObjectNode();
        body.putArray("choices").addObject().putObject("message").put("content", text);
        body.putObject("usage").put("prompt_tokens", 100).put("completion_tokens", 10);
        return body.toString();
    }

    static void send(HttpExchange exchange, int status, String text, Map<String, String> headers) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        headers.forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void pass() {
        try {
            gate.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        JsonNode body = Json.mapper().readTree(exchange.getRequestBody().readAllBytes());
        asked.add(new Asked(
                exchange.getRequestURI().getPath(), exchange.getRequestHeaders().getFirst("Authorization"), body));
        Behaviour behaviour;
        synchronized (behaviours) {
            behaviour = behaviours.size() > 1 ? behaviours.removeFirst() : behaviours.getFirst();
        }
        behaviour.answer(exchange, body);
    }

    @Override
    public void close() {
        gate.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
