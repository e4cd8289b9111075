package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Futures;
import io.foretell.domain.Options;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/**
 * RLP, Reinforcement as a Pretraining Objective (Hatamizadeh et al., arXiv 2510.01265): a thought's reward is the
 * number of nats it adds to the log-probability of the text that really follows, compared to a slow copy of the model
 * that does not think.
 *
 * <pre>
 * c_i ~ pi_theta(. | x_&lt;t, think),  i = 1..G               at one random position t of the document
 * S_pred(c) = log p_theta(x_t | x_&lt;t, think, c, /think)      live weights, teacher forced
 * S_EMA     = log p_phi(x_t | x_&lt;t)                          EMA weights, no thought channel
 * r(c)      = S_pred(c) - S_EMA                              nats
 * A_i       = G/(G-1) (r_i - mean_j r_j)                     no division by a standard deviation
 * L         = mean_i mean_u -min(rho A, clip(rho) A)         thought tokens only, KL 0
 * </pre>
 *
 * <p>As in the paper a thought has at least one token (its closing tag cannot be sampled first), the reward is a
 * constant for the optimizer, and phi follows theta after every optimizer step ({@code teacher.ema_decay}).
 *
 * <p>Where we differ or the paper is silent: clip bounds are {@code learner.clip_ratio_low/high} (0.2); a thought that
 * reaches the length limit is closed by a forced tag, which is scored but not trained, and counted as truncated.
 * Options, all off by default:
 *
 * <ul>
 *   <li>{@code horizon}, {@code discount}: reward sum_k gamma^k (S_pred - S_EMA) over the next h tokens; not in the
 *       paper, h = 1 is.
 *   <li>{@code min_prefix}: minimum tokens before the position (1).
 *   <li>{@code truncated_reward}: {@code score} (the paper's) or {@code none}: a truncated thought then cannot earn a
 *       positive reward; its reward is min(r, 0).
 *   <li>{@code rehearse}, {@code next_token_weight}: documents of these domains are trained by next-token prediction
 *       instead, with this coefficient (0.1) and a separate denominator, to preserve what the model knows without
 *       thinking; none by default.
 *   <li>{@code open}, {@code close}: the tags, each one token of the vocabulary.
 * </ul>
 */
public final class Rlp implements Objective {
    public static final String NAME = "rlp";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "thoughts rewarded by information gain",
            "A thought earns the nats that it adds to the log-probability of the tokens that really "
                    + "follow. RLP (Hatamizadeh et al., arXiv 2510.01265).",
            List.of(
                    "horizon",
                    "discount",
                    "min_prefix",
                    "truncated_reward",
                    "rehearse",
                    "next_token_weight",
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
            return new Rlp(settings);
        }
    }

    private final ObjectiveSettings settings;
    private final int horizon;
    private final double discount;
    private final int minPrefix;
    private final boolean truncatedGainsNothing;
    private final double nextTokenWeight;
    private final Set<String> rehearse;
    private final ThinkingTags tags;

    public Rlp(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.settings = settings;
        this.horizon = options.integer("horizon", 1, 1);
        this.discount = options.number("discount", 1.0, 0, 1);
        this.minPrefix = options.integer("min_prefix", 1, 1);
        this.nextTokenWeight = options.number("next_token_weight", 0.1, 0, Integer.MAX_VALUE);
        this.rehearse = Set.copyOf(options.texts("rehearse"));
        this.truncatedGainsNothing =
                options.choice("truncated_reward", List.of("score", "none")).equals("none");
        this.tags = ThinkingTags.read(options, settings.tokenizer());
        options.refuseUnknown();
        settings.requireGroups(NAME);
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public String rewardUnit() {
        return "nats of information gain";
    }

    /**
     * One position t, uniform over those with {@code min_prefix} tokens before it and {@code horizon} text tokens from
     * t on; the end-of-text token is never a target. Rehearsed documents are not cut.
     */
    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        if (rehearse.contains(document.domain())) {
            TokenArray start = tokens.slice(0, Math.min(tokens.length(), settings.maxPromptLength() + 1));
            return start.length() < 2 ? List.of() : List.of(new Example(TokenArray.EMPTY, start));
        }
        int last = settings.tokenizer().withoutEnd(tokens).length() - horizon;
        if (last < minPrefix) {
            return List.of();
        }
        int t = random.nextInt(minPrefix, last + 1);
        TokenArray prefix = tokens.slice(0, t).last(settings.maxPromptLength());
        return List.of(new Example(prefix, tokens.slice(t, t + horizon)));
    }

    @Override
    public Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
        if (prompt.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new SamplingPlan(
                prompt.append(tags.open()),
                settings.groupSize(),
                settings.temperature(),
                1,
                settings.maxResponseLength(),
                tags.close(),
                true));
    }

    @Override
    public CompletionStage<List<Reward>> reward(
            Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
        if (responses.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        TokenArray next = example.target();
        CompletableFuture<FloatArray> baseline =
                scorer.logProbs(PolicyRole.TEACHER, example.prompt(), next).toCompletableFuture();
        List<CompletableFuture<Reward>> rewards = new ArrayList<>();
        for (Rollout rollout : responses) {
            rewards.add(scorer.logProbs(PolicyRole.LIVE, context.concat(rollout.response()), next)
                    .toCompletableFuture()
                    .thenCombine(baseline, (with, without) -> informationGain(rollout, with, without)));
        }
        return Futures.all(rewards);
    }

    private Reward informationGain(Rollout rollout, FloatArray with, FloatArray without) {
        if (!with.isFinite() || !without.isFinite()) {
            return Reward.failed("a log-probability is not finite: with thought " + with + ", without " + without);
        }
        double scoreWith = discounted(with);
        double scoreWithout = discounted(without);
        double gain = scoreWith - scoreWithout;
        boolean truncated = rollout.finishReason() == FinishReason.LENGTH;
        double total = truncated && truncatedGainsNothing ? Math.min(gain, 0) : gain;
        return Reward.of(
                total,
                Map.of("information_gain", gain, "score_with_thought", scoreWith, "score_baseline", scoreWithout));
    }

    /** sum_k gamma^k l_k. */
    private double discounted(FloatArray logProbs) {
        double sum = 0;
        double factor = 1;
        for (int k = 0; k < logProbs.length(); k++) {
            sum += factor * logProbs.at(k);
            factor *= discount;
        }
        return sum;
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        Task task = group.task();
        if (task.prompt().isEmpty()) {
            return List.of(Experience.nextToken(task.target(), (float) nextTokenWeight, Set.of(tags.open())));
        }
        return Experience.policyGradient(group, estimator.advantages(group));
    }
}
