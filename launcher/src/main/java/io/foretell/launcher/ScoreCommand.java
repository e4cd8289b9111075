package io.foretell.launcher;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.platform.Json;
import io.foretell.policy.Policy;
import io.foretell.policy.Score;
import io.foretell.policy.ScoreRequest;
import io.foretell.server.Console;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code foretell score}: a continuation's probability under a model, without a server. */
@Command(
        name = "score",
        description = "Say how likely a model finds a continuation: log-probabilities in nats, at temperature 1.",
        footer = {
            "",
            "Example: ./foretell score --policy runs/quickstart --context 'x1=3 so x5 is' --continuation ' 8'",
        },
        mixinStandardHelpOptions = true)
final class ScoreCommand implements Callable<Integer> {
    private static final int TOKENS_SHOWN = 40;

    @Mixin
    private PolicyArgument policy;

    @Option(names = "--context", paramLabel = "TEXT", required = true, description = "What comes before.")
    private String context;

    @Option(names = "--continuation", paramLabel = "TEXT", required = true, description = "What is scored.")
    private String continuation;

    @Option(
            names = "--weights",
            paramLabel = "live|ema",
            defaultValue = "live",
            description = "The trained weights, or their moving average, the teacher (${DEFAULT-VALUE}).")
    private String weights;

    @Override
    public Integer call() {
        PolicyRole which = switch (weights) {
            case "live" -> PolicyRole.LIVE;
            case "ema" -> PolicyRole.TEACHER;
            default -> throw new IllegalArgumentException("--weights is '" + weights + "' but must be live or ema");
        };
        try (Policy model = policy.open()) {
            HuggingFaceTokenizer tokenizer = model.tokenizer();
            TokenArray before = policy.encode(tokenizer, context);
            TokenArray tokens = tokenizer.encode(continuation);
            Score score = model.score(which, List.of(new ScoreRequest(before, tokens)))
                    .get(0);
            if (policy.isJson()) {
                Console.say(json(before, tokens, score).toString());
            } else {
                print(tokenizer, tokens, score);
            }
        }
        return 0;
    }

    private static void print(HuggingFaceTokenizer tokenizer, TokenArray tokens, Score score) {
        for (int t = 0; t < Math.min(TOKENS_SHOWN, tokens.length()); t++) {
            Console.say(String.format(
                    Locale.ROOT,
                    "%9.4f  %s",
                    score.logProbs().at(t),
                    tokenizer.decode(tokens.slice(t, t + 1)).replace("\n", "\\n")));
        }
        if (tokens.length() > TOKENS_SHOWN) {
            Console.say("      ...  " + (tokens.length() - TOKENS_SHOWN) + " more");
        }
        double sum = score.logProbs().sum();
        Console.say(String.format(
                Locale.ROOT,
                "log-probability %.4f over %d token%s, mean %.4f, perplexity %.3f%s",
                sum,
                tokens.length(),
                tokens.length() == 1 ? "" : "s",
                sum / tokens.length(),
                Math.exp(-sum / tokens.length()),
                score.allGreedy() ? "; every token was the most likely one" : ""));
    }

    private ObjectNode json(TokenArray before, TokenArray tokens, Score score) {
        double sum = score.logProbs().sum();
        ObjectNode answer = Json.mapper().createObjectNode();
        answer.put("policy", policy.folder().toString()).put("weights", weights);
        answer.put("context_tokens", before.length());
        answer.set("tokens", Json.mapper().valueToTree(tokens.toArray()));
        answer.set("log_probs", Json.mapper().valueToTree(score.logProbs().toArray()));
        answer.put("log_prob", sum).put("mean_log_prob", sum / tokens.length());
        answer.put("perplexity", Math.exp(-sum / tokens.length())).put("all_greedy", score.allGreedy());
        return answer;
    }
}
