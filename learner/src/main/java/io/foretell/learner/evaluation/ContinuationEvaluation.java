package io.foretell.learner.evaluation;

import io.foretell.domain.Document;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.objectives.BannedTexts;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.SamplingParameters;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Held-out measures of what the live policy writes on from the beginnings of documents, whatever the method:
 *
 * <pre>
 * banned_token_rate      = mean over documents of (sampled tokens of a banned text / sampled tokens)
 * banned_text_rate       = share of continuations with a banned text
 * distinct_continuations = mean over documents of (different continuations / continuations)   falls where a model collapses
 * continuation_length    = mean tokens of a continuation
 * </pre>
 *
 * <p>The first with a 95 % interval over documents (normal approximation). Seeds are the same every time. Confined to the
 * learner's thread.
 */
final class ContinuationEvaluation {
    private final Policy policy;
    private final EvaluationSettings.Continuations settings;
    private final int samples;
    private final BannedTexts banned;
    private final TokenArray inserted;
    private final List<Integer> forbidden;

    /** @throws IllegalArgumentException when a token is none of the tokenizer's */
    ContinuationEvaluation(Policy policy, EvaluationSettings.Continuations settings, int samples) {
        Tokenizer tokenizer = policy.tokenizer();
        this.policy = policy;
        this.settings = settings;
        this.samples = samples;
        this.banned = new BannedTexts("eval.continuations.banned", tokenizer, settings.banned());
        this.inserted = settings.inserted() == null
                ? TokenArray.EMPTY
                : TokenArray.of(token("inserted", tokenizer, settings.inserted()));
        this.forbidden = settings.forbidden().stream()
                .map(token -> token("forbidden", tokenizer, token))
                .toList();
    }

    private static int token(String key, Tokenizer tokenizer, String token) {
        return tokenizer
                .idOf(token)
                .orElseThrow(() -> new IllegalArgumentException("eval.continuations." + key + " names '" + token
                        + "', but the tokenizer has no such single token"));
    }

    Map<String, Double> measures(List<Document> documents) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (Document document : documents) {
            TokenArray tokens = policy.tokenizer().encodeDocument(document.text());
            TokenArray shown = tokens.slice(0, Math.min(tokens.length(), settings.promptLength()));
            long seed = Evaluation.SEED + 1000L * requests.size();
            requests.add(new GenerationRequest(
                    shown.concat(inserted),
                    LongStream.range(seed, seed + samples).boxed().toList(),
                    sampling()));
        }
        return requests.isEmpty() ? Map.of() : measured(policy.generate(requests));
    }

    /** Tokens that must not be sampled are those that would end a continuation, were it not to be of full length. */
    private SamplingParameters sampling() {
        OptionalInt end = policy.tokenizer().endOfText();
        List<Integer> stops = !forbidden.isEmpty() || end.isEmpty() ? forbidden : List.of(end.getAsInt());
        int least = forbidden.isEmpty() ? 0 : settings.maxLength();
        return new SamplingParameters(settings.temperature(), 1, 0, 0, least, settings.maxLength(), stops);
    }

    private Map<String, Double> measured(List<List<Completion>> continuations) {
        double[] rates = new double[continuations.size()];
        double texts = 0;
        double distinct = 0;
        double length = 0;
        for (int d = 0; d < rates.length; d++) {
            Set<TokenArray> different = new HashSet<>();
            int bannedTokens = 0;
            int tokens = 0;
            for (Completion sample : continuations.get(d)) {
                TokenArray text = ended(sample.tokens());
                int found = banned.count(text);
                bannedTokens += found;
                tokens += text.length();
                texts += found > 0 ? 1 : 0;
                different.add(text);
            }
            rates[d] = tokens == 0 ? 0 : (double) bannedTokens / tokens;
            distinct += (double) different.size() / samples;
            length += (double) tokens / samples;
        }
        Map<String, Double> measures = new LinkedHashMap<>();
        ConfidenceInterval.of(rates).within(0, 1).put("banned_token_rate", measures);
        measures.put(Evaluation.PREFIX + "banned_text_rate", texts / rates.length / samples);
        measures.put(Evaluation.PREFIX + "distinct_continuations", distinct / rates.length);
        measures.put(Evaluation.PREFIX + "continuation_length", length / rates.length);
        return measures;
    }

    /** What comes before the end-of-text token. */
    private TokenArray ended(TokenArray tokens) {
        OptionalInt end = policy.tokenizer().endOfText();
        for (int t = 0; t < tokens.length() && end.isPresent(); t++) {
            if (tokens.at(t) == end.getAsInt()) {
                return tokens.slice(0, t);
            }
        }
        return tokens;
    }
}
