package io.foretell.launcher;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ChatTemplate;
import io.foretell.huggingface.ChatTemplateException;
import io.foretell.huggingface.EndTokens;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.PolicyException;
import io.foretell.platform.Json;
import io.foretell.platform.Time;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.SamplingParameters;
import io.foretell.policy.StopText;
import io.foretell.server.Console;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
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
            description = "Lower is less random; 0 takes the most likely token every time (${DEFAULT-VALUE}).")
    private float temperature;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            defaultValue = "1.0",
            description = "Only the most likely tokens that together have this probability (${DEFAULT-VALUE}: all).")
    private float topP;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "0",
            description = "Only so many of the most likely tokens (${DEFAULT-VALUE}: all).")
    private int topK;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            defaultValue = "0.0",
            description = "Only tokens at least this likely, relative to the most likely one (${DEFAULT-VALUE}: all).")
    private float minP;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "42",
            description = "The same seed gives the same continuations (${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "A text that ends a continuation and is left out of it; may be given several times. The"
                    + " model's end tokens end one always.")
    private List<String> stops = new ArrayList<>();

    @Option(
            names = "--chat",
            description = "The prompt is a user's message, put into the words of the model's chat template.")
    private boolean chat;

    @Override
    public Integer call() {
        sampling(List.of()); // reports a wrong option before the model is loaded
        try (Policy model = policy.open()) {
            HuggingFaceTokenizer tokenizer = model.tokenizer();
            TokenArray tokens = chat ? tokenizer.encode(message()) : policy.encode(tokenizer, prompt);
            SamplingParameters sampling = sampling(EndTokens.read(policy.folder(), tokenizer));
            GenerationRequest request =
                    new GenerationRequest(tokens, seeds(), sampling, StopText.factory(tokenizer, stops, 0));
            List<Completion> samples = model.generate(List.of(request)).get(0);
            if (policy.isJson()) {
                Console.say(json(tokenizer, tokens, samples).toString());
            } else {
                samples.forEach(sample -> print(tokenizer, sample));
            }
        }
        return 0;
    }

    private SamplingParameters sampling(List<Integer> endTokens) {
        if (n < 1) {
            throw new IllegalArgumentException("-n must be at least 1, but is " + n);
        }
        if (stops.contains("")) {
            throw new IllegalArgumentException("--stop must not be empty");
        }
        try {
            return new SamplingParameters(temperature, topP, topK, minP, 0, maxTokens, endTokens);
        } catch (PolicyException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private String message() {
        ArrayNode messages = Json.mapper().createArrayNode();
        messages.addObject().put("role", "user").put("content", prompt);
        try {
            return ChatTemplate.find(policy.folder(), Time.system())
                    .orElseThrow(() -> new PolicyException(policy.folder()
                            + " has no chat template: leave out --chat, or add 'chat_template' to its"
                            + " tokenizer_config.json"))
                    .render(messages, null, true, Json.mapper().createObjectNode());
        } catch (ChatTemplateException e) {
            throw new PolicyException(e.getMessage(), e);
        }
    }

    private List<Long> seeds() {
        SplittableRandom random = new SplittableRandom(seed);
        List<Long> seeds = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            seeds.add(random.nextLong());
        }
        return seeds;
    }

    /* Includes the stop token, as sampled, but not a stop text. */
    private String text(HuggingFaceTokenizer tokenizer, Completion sample) {
        if (stops.isEmpty()) {
            return tokenizer.decode(sample.tokens());
        }
        StopText text = new StopText(tokenizer, stops, 0);
        text.isReached(sample.tokens().toArray());
        return text.text();
    }

    private void print(HuggingFaceTokenizer tokenizer, Completion sample) {
        Console.say(text(tokenizer, sample));
        Console.say(String.format(
                Locale.ROOT,
                "    %d tokens, %s, log-probability %.3f",
                sample.tokens().length(),
                sample.finishReason().name().toLowerCase(Locale.ROOT),
                sample.logProbs().sum()));
    }

    private ObjectNode json(HuggingFaceTokenizer tokenizer, TokenArray tokens, List<Completion> samples) {
        ObjectNode answer = Json.mapper().createObjectNode();
        answer.put("policy", policy.folder().toString()).put("prompt", prompt);
        answer.set("prompt_tokens", Json.mapper().valueToTree(tokens.toArray()));
        answer.put("temperature", temperature).put("seed", seed);
        ArrayNode choices = answer.putArray("choices");
        for (Completion sample : samples) {
            ObjectNode choice = choices.addObject();
            choice.put("text", text(tokenizer, sample));
            choice.put("finish_reason", sample.finishReason().name().toLowerCase(Locale.ROOT));
            choice.set("tokens", Json.mapper().valueToTree(sample.tokens().toArray()));
            choice.set("log_probs", Json.mapper().valueToTree(sample.logProbs().toArray()));
        }
        return answer;
    }
}
