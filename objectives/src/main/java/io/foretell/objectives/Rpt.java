package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Options;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.losses.AdvantageEstimator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * RPT, Reinforcement Pre-Training (Dong et al., arXiv 2506.08007): next-token prediction as a reasoning task with a
 * verifiable reward. The model thinks, then states the document's continuation in a box.
 *
 * <pre>
 * o_i = (thought, y_i) ~ pi_theta(. | x_&lt;t, think),  i = 1..G
 * y_i  = content of the last \boxed{} after /think
 * L_gt = { bytes of x_t, bytes of x_t x_t+1, ... }            cumulative token lengths of the true continuation
 * r_i  = 1 if y_i = x_&gt;=t[0:l] byte for byte, with l = |y_i| in L_gt; else 0
 * A_i  = (r_i - mean r) / std r                               GRPO: learner.adv_estimator grpo, run.mode sync, no KL
 * </pre>
 *
 * <p>We compare text instead of bytes, which is equivalent: y is right if it equals the text of the first k tokens for
 * some k of at least 1. A boundary inside a character has no text and cannot be stated; a box with a replacement
 * character (bytes that are not UTF-8) is never right. As in the paper, {@code "the"} for {@code " the"} is wrong.
 *
 * <p>Where we differ or the paper is silent: y is compared with {@code horizon} tokens of the true continuation; each
 * visit of a document uses one position, where the paper uses every position that its filter keeps; braces inside a box
 * must balance. The thought ends at the first closing tag. A response without a closing tag, or without a complete box
 * after it, earns 0. As in the paper, a proxy model filters out easy positions, those whose next token has low entropy
 * among the 16 most likely. Here the 16 are renormalised; the paper does not say.
 *
 * <p>Options:
 *
 * <ul>
 *   <li>{@code horizon}: maximum tokens of the true continuation that y is compared with (16).
 *   <li>{@code min_prefix}: minimum tokens before the position (1).
 *   <li>{@code proxy}: a Hugging Face folder with the policy's vocabulary (the paper's is a 1.5B model for a 14B
 *       policy); none by default, which keeps all positions.
 *   <li>{@code entropy_threshold}: positions whose proxy entropy is below this, in nats, are skipped (0.5; the paper
 *       uses 0.5, 1.0 and 1.5 for validation and gives no value for training).
 *   <li>{@code entropy_top_k}: number of most likely tokens that the entropy is over (16).
 *   <li>{@code prompt}: two texts, before the prefix and between it and the thought, such as the paper's instruction to
 *       box the next tokens; none by default.
 *   <li>{@code box}: two texts that enclose the answer, {@code ["\boxed{", "}"]}.
 *   <li>{@code dynamic_sampling_from}: from this step of the phase on (counted from 1; the paper's is 500), groups with
 *       equal rewards are replaced; 0, the default, for never.
 *   <li>{@code open}, {@code close}: the tags, each one token of the vocabulary.
 * </ul>
 */
public final class Rpt implements Objective {
    public static final String NAME = "rpt";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "next-token reasoning with a verifiable reward",
            "The model thinks, then states the next tokens in a box; an exact match with the text earns "
                    + "1. RPT (Dong et al., arXiv 2506.08007).",
            List.of(
                    "horizon",
                    "min_prefix",
                    "proxy",
                    "entropy_threshold",
                    "entropy_top_k",
                    "prompt",
                    "box",
                    "dynamic_sampling_from",
                    "open",
                    "close"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new Rpt(settings);
        }
    }

    private static final int DRAWS = 16;
    private static final int DECODED_BEFORE = 8;
    private static final String NO_TEXT = Tokenizer.REPLACEMENT;

    private final ObjectiveSettings settings;
    private final Tokenizer tokenizer;
    private final int horizon;
    private final int minPrefix;
    private final int dynamicSamplingFrom;
    private final @Nullable ProxyModel proxy;
    private final double entropyThreshold;
    private final int entropyTopK;
    private final TokenArray before;
    private final TokenArray after;
    private final AnswerExtractor answer;
    private final ThinkingTags tags;

    public Rpt(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.settings = settings;
        this.tokenizer = settings.tokenizer();
        this.horizon = options.integer("horizon", 16, 1);
        this.minPrefix = options.integer("min_prefix", 1, 1);
        this.dynamicSamplingFrom = options.integer("dynamic_sampling_from", 0, 0);
        List<String> prompt = options.pair("prompt", List.of("", ""));
        this.tags = ThinkingTags.read(options, tokenizer);
        this.before = encode(prompt.get(0));
        this.after = encode(prompt.get(1)).append(tags.open());
        this.answer = new AnswerExtractor(tokenizer, tags.close(), options.enclosure("box", List.of("\\boxed{", "}")));
        this.proxy = settings.proxy(options);
        this.entropyThreshold = options.number("entropy_threshold", 0.5, 0, Integer.MAX_VALUE);
        this.entropyTopK = options.integer("entropy_top_k", 16, 2);
        if (proxy == null) {
            options.refuseWithout("proxy", "entropy_threshold", "entropy_top_k");
        }
        options.refuseUnknown();
        settings.requireGroups(NAME);
    }

    private TokenArray encode(String text) {
        return text.isEmpty() ? TokenArray.EMPTY : tokenizer.encode(text);
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public String rewardUnit() {
        return "right or wrong, 1 or 0";
    }

    /**
     * One position t, uniform over those with {@code min_prefix} tokens before it, enough entropy under the proxy if
     * there is one, and a continuation that can be stated; the end-of-text token is never a target.
     *
     * @return empty if no position has enough entropy, or sixteen draws in a row lie inside characters
     */
    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        int end = tokenizer.withoutEnd(tokens).length();
        if (end <= minPrefix) {
            return List.of();
        }
        int[] positions = positions(tokens, end);
        for (int draw = 0; draw < DRAWS && positions.length > 0; draw++) {
            int t = positions[random.nextInt(positions.length)];
            TokenArray prefix = tokens.slice(0, t).last(settings.maxPromptLength());
            TokenArray next = tokens.slice(t, Math.min(end, t + horizon));
            if (!rightAnswers(prefix, next).isEmpty()) {
                return List.of(new Example(prefix, next));
            }
        }
        return List.of();
    }

    private int[] positions(TokenArray tokens, int end) {
        IntStream all = IntStream.range(minPrefix, end);
        if (proxy == null) {
            return all.toArray();
        }
        FloatArray entropies = proxy.entropies(tokens.slice(0, end), entropyTopK);
        return all.filter(t -> entropies.at(t) >= entropyThreshold).toArray();
    }

    @Override
    public Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
        return Optional.of(new SamplingPlan(
                context(prompt),
                settings.groupSize(),
                settings.temperature(),
                1,
                settings.maxResponseLength(),
                tokenizer.endToken(),
                false));
    }

    private TokenArray context(TokenArray prefix) {
        return before.concat(prefix).concat(after);
    }

    @Override
    public boolean hasAnswerInResponse() {
        return true;
    }

    @Override
    public CompletionStage<List<Reward>> reward(
            Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
        List<String> right = rightAnswers(example.prompt(), example.target());
        return CompletableFuture.completedFuture(responses.stream()
                .map(rollout -> reward(answer.extract(rollout.response()).filter(y -> !y.contains(NO_TEXT)), right))
                .toList());
    }

    /** 1 if {@code answer} ends on a token boundary of the true text; also the number of tokens it states. */
    private static Reward reward(Optional<String> answer, List<String> right) {
        int tokens = answer.map(y -> right.indexOf(y) + 1).orElse(0);
        double total = tokens > 0 ? 1 : 0;
        return Reward.of(total, Map.of("boxed", answer.isPresent() ? 1.0 : 0.0, "matched_tokens", (double) tokens));
    }

    /**
     * The text of the first k tokens of {@code next}, k = 1, 2, ..., or a replacement character if they have none.
     *
     * @return up to the last k that has a text; empty if nothing can be stated
     */
    private List<String> rightAnswers(TokenArray prefix, TokenArray next) {
        TokenArray shown = prefix.last(DECODED_BEFORE); // some tokenizers drop the space of a text's first token
        String begin = tokenizer.decode(shown);
        List<String> right = new ArrayList<>();
        int last = 0;
        for (int k = 1; k <= next.length(); k++) {
            String all = tokenizer.decode(shown.concat(next.slice(0, k)));
            String text = all.startsWith(begin) ? all.substring(begin.length()) : NO_TEXT;
            boolean isStatable = !text.contains(NO_TEXT) && !text.isEmpty();
            right.add(isStatable ? text : NO_TEXT);
            last = isStatable ? k : last;
        }
        return right.subList(0, last);
    }

    int open() {
        return tags.open();
    }

    /** The shortest correct answer after an empty thought, context included. */
    TokenArray demonstration(Example cut) {
        String first = rightAnswers(cut.prompt(), cut.target()).stream()
                .filter(text -> !text.equals(NO_TEXT))
                .findFirst()
                .orElseThrow();
        TokenArray boxed = tokenizer.encode(
                answer.enclosure().get(0) + first + answer.enclosure().get(1));
        return context(cut.prompt()).append(answer.close()).concat(boxed).concat(tokenizer.end());
    }

    @Override
    public boolean replacesEqualRewards(long step) {
        return dynamicSamplingFrom > 0 && step >= dynamicSamplingFrom;
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        return Experience.policyGradient(group, estimator.advantages(group));
    }
}
