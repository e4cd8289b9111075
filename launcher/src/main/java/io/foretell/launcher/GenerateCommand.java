package io.foretell.launcher;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.objectives.TokenArray;
import io.foretell.platform.Json;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.Policy;
import io.foretell.policy.Sample;
import io.foretell.policy.SamplingParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code foretell generate}: continuations of a prompt, without a server. */
@Command(
        name = "generate",
        description = "Sample continuations of a prompt from a model, without a server.",
        footer = {"", "Example: ./foretell generate --policy runs/quickstart --prompt 'x0=3 so x5 is' -n 4"},
        mixinStandardHelpOptions = true)
final class GenerateCommand implements Callable<Integer> {
    @Mixin
    private PolicyArgument policy;

    @Option(names = "--prompt", paramLabel = "TEXT", required = true, description = "What is to be continued.")
    private String prompt;

    @Option(names = "-n", paramLabel = "N", defaultValue = "1", description = "Continuations (${DEFAULT-VALUE}).")
    private int n;

    @Option(
            names = "--max-tokens",
            paramLabel = "M",
            defaultValue = "64",
            description = "Most tokens of each (${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "1.0",
            description = "Above 0; lower is less random (${DEFAULT-VALUE}).")
    private float temperature;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "42",
            description = "The same seed gives the same continuations (${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--stop",
            paramLabel = "TOKEN",
            description = "A token of the vocabulary that ends a continuation (the end-of-text token).")
    private @Nullable String stop;

    @Override
    public Integer call() {
        if (n < 1 || maxTokens < 1 || !(temperature > 0)) {
            throw new IllegalArgumentException(
                    "-n and --max-tokens must be at least 1 and --temperature above 0, but are " + n + ", " + maxTokens
                            + " and " + temperature);
        }
        try (Policy model = policy.open()) {
            HuggingFaceTokenizer tokenizer = model.tokenizer();
            TokenArray tokens = policy.encode(tokenizer, prompt);
            GenerationRequest request = new GenerationRequest(
                    tokens, seeds(), SamplingParameters.plain(temperature, 0, maxTokens, stopToken(tokenizer)));
            List<Sample> samples = model.generate(List.of(request)).get(0);
            if (policy.isJson()) {
                Console.say(json(tokenizer, tokens, samples).toString());
            } else {
                samples.forEach(sample -> print(tokenizer, sample));
            }
        }
        return 0;
    }

    private List<Long> seeds() {
        SplittableRandom random = new SplittableRandom(seed);
        List<Long> seeds = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            seeds.add(random.nextLong());
        }
        return seeds;
    }

    private int stopToken(HuggingFaceTokenizer tokenizer) {
        return stop == null
                ? tokenizer.endOfText().orElse(-1)
                : tokenizer
                        .idOf(stop)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "--stop is '" + stop + "', which is not one token of this model's vocabulary"));
    }

    private static void print(HuggingFaceTokenizer tokenizer, Sample sample) {
        Console.say(tokenizer.decode(sample.tokens()));
        Console.say(String.format(
                Locale.ROOT,
                "    %d tokens, %s, log-probability %.3f",
                sample.tokens().length(),
                sample.finishReason().name().toLowerCase(Locale.ROOT),
                sample.logProbs().sum()));
    }

    private ObjectNode json(HuggingFaceTokenizer tokenizer, TokenArray tokens, List<Sample> samples) {
        ObjectNode answer = Json.mapper().createObjectNode();
        answer.put("policy", policy.folder().toString()).put("prompt", prompt);
        answer.set("prompt_tokens", Json.mapper().valueToTree(tokens.toArray()));
        answer.put("temperature", temperature).put("seed", seed);
        ArrayNode choices = answer.putArray("choices");
        for (Sample sample : samples) {
            ObjectNode choice = choices.addObject();
            choice.put("text", tokenizer.decode(sample.tokens()));
            choice.put("finish_reason", sample.finishReason().name().toLowerCase(Locale.ROOT));
            choice.set("tokens", Json.mapper().valueToTree(sample.tokens().toArray()));
            choice.set("log_probs", Json.mapper().valueToTree(sample.logProbs().toArray()));
        }
        return answer;
    }
}
