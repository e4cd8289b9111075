package io.foretell.lab.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.TokenArray;
import io.foretell.platform.Json;
import io.foretell.policy.Precision;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * PyTorch with transformers on the same folder, with as many threads, in its own process. It reads one JSON object
 * per line and answers each with one. It uses no CPU while idle. Used by one thread.
 */
final class TransformersPeer implements AutoCloseable {
    private static final Path SCRIPT = Path.of("tests/peers/transformers_peer.py");
    private static final long STOP_SECONDS = 20;

    private final Process process;
    private final Writer questions;
    private final BufferedReader answers;

    private TransformersPeer(Process process) {
        this.process = process;
        this.questions = process.outputWriter(StandardCharsets.UTF_8);
        this.answers = process.inputReader(StandardCharsets.UTF_8);
    }

    static TransformersPeer start(Path python, BenchModel model, Precision precision) {
        if (!Files.isRegularFile(SCRIPT)) {
            throw new IllegalArgumentException("there is no " + SCRIPT + " here: start from the repository's folder");
        }
        TransformersPeer peer;
        try {
            ProcessBuilder started = new ProcessBuilder(python.toString(), SCRIPT.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            // The allocator settings come from our start script; the peer runs as its own users run it.
            started.environment().keySet().removeIf(name -> name.startsWith("MALLOC_"));
            peer = new TransformersPeer(started.start());
        } catch (IOException e) {
            throw new IllegalArgumentException("--peer does not start: " + e.getMessage(), e);
        }
        ObjectNode open = Json.mapper().createObjectNode().put("do", "open");
        open.put("folder", model.folder().toString()).put("threads", BenchModel.threads());
        try {
            peer.ask(open.put("precision", precision.text()));
            return peer;
        } catch (RuntimeException e) {
            peer.close();
            throw e;
        }
    }

    /** Seconds that {@code generate} takes to sample {@code tokens} new tokens for each prompt. */
    double generate(List<TokenArray> prompts, int tokens) {
        ObjectNode question = Json.mapper().createObjectNode().put("do", "generate");
        return seconds(question.put("new_tokens", tokens), prompts);
    }

    /** Seconds of one training step on {@code texts}. */
    double train(List<TokenArray> texts, boolean recompute) {
        ObjectNode question = Json.mapper().createObjectNode().put("do", "train");
        return seconds(question.put("recompute", recompute), texts);
    }

    private double seconds(ObjectNode question, List<TokenArray> texts) {
        ArrayNode tokens = question.putArray("tokens");
        texts.forEach(text -> tokens.add(Json.mapper().valueToTree(text.toArray())));
        return ask(question).path("seconds").asDouble();
    }

    private JsonNode ask(ObjectNode question) {
        try {
            questions.write(question + "\n");
            questions.flush();
            String line = answers.readLine();
            if (line == null) {
                throw new IllegalStateException("the peer ended early; what it said stands above");
            }
            return Json.mapper().readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            questions.close();
            if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (IOException e) {
            // it has ended
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
