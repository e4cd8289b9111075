package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Futures;
import io.foretell.domain.Options;
import io.foretell.domain.Origin;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.domain.Verdict;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.losses.DirectPreference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * SIP, Self-Improving Pretraining (Meta FAIR, arXiv 2601.21343): the text's own continuation competes with the model's
 * samples and with a rewrite; a judge picks the best, and the model is trained towards it.
 *
 * <pre>
 * x, y_orig = all before, and N tokens from, a multiple of N           N = rollout.max_response_length
 * C  = { y_1 ... y_K, y_orig, y_rewrite }                              K = rollout.n, y_k ~ pi_theta(. | x)
 * q(y) = mean over the others y' in C of how far the judge prefers y to y' after x
 * s(y) = how far the judge finds y safe        f(y) = how far it finds nothing false in y, y_orig being true
 * R(y) = sum of those that the option score names, such as q + s
 * dpo     L = -log sigmoid(beta [log pi_theta/pi_ref (y_w | x) - log pi_theta/pi_ref (y_l | x)])   w, l: best and worst R
 * rf-nll  L = -log pi_theta(y_w | x)
 * </pre>
 *
 * <p>Judges are asked in the roles {@code quality}, {@code safety}, {@code factuality} and {@code rewriter}; each pair
 * is shown in both orders if {@code reward.judge.swap_order} is set, the default. {@code reward.judge_overrides} lets a
 * configured reward replace a judge. Equal texts are a draw without asking, and a text equal to y_orig is true.
 *
 * <p>Where we differ or the paper is silent: it gives neither beta nor how the reference is updated. Ours is {@code
 * beta}, and the reference is the teacher: the weights at the start of the phase if {@code teacher.ema_decay} is 1,
 * else a slow copy of the policy. A candidate with a missing verdict is left out; ties are broken at random; a pool
 * with all-equal rewards carries no signal and is left out. A suffix always has exactly N tokens; a rewrite is cut to
 * N. {@link DirectPreference} is averaged over the step's pairs, RF-NLL over its tokens.
 *
 * <p>Options:
 *
 * <ul>
 *   <li>{@code score}: one or more of {@code quality}, {@code safety} and {@code factuality} ({@code [quality]}).
 *       Safety alone also rewards degenerate text.
 *   <li>{@code original}, {@code rewrite}: whether they are in the pool (true, false).
 *   <li>{@code update}: {@code dpo} or {@code rf-nll} ({@code dpo}).
 *   <li>{@code beta}: of DPO (0.1, TRL's).
 *   <li>{@code min_prefix}: minimum tokens before a suffix (1).
 *   <li>{@code next_token_weight}: coefficient of next-token prediction on y_orig, with a separate denominator; 0, the
 *       paper's, for none.
 * </ul>
 */
public final class SelfImproving implements Objective {
    public static final String NAME = "self-improving";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "continuations that a judge prefers",
            "The text's own continuation competes with sampled ones and a rewrite; a judge picks the "
                    + "best, and the model moves towards it. Self-Improving Pretraining (Meta FAIR, arXiv "
                    + "2601.21343).",
            List.of("score", "original", "rewrite", "update", "beta", "min_prefix", "next_token_weight"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new SelfImproving(settings);
        }
    }

    private static final String QUALITY = "quality";
    private static final String SAFETY = "safety";
    private static final String FACTUALITY = "factuality";
    private static final String REWRITER = "rewriter";
    private static final Set<String> SCORES = Set.of(QUALITY, SAFETY, FACTUALITY);

    private final ObjectiveSettings settings;
    private final Tokenizer tokenizer;
    private final List<String> scores;
    private final boolean withOriginal;
    private final boolean withRewrite;
    private final boolean isDpo;
    private final double beta;
    private final int minPrefix;
    private final float nextTokenWeight;

    public SelfImproving(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.settings = settings;
        this.tokenizer = settings.tokenizer();
        List<String> named = options.texts("score");
        this.scores = named.isEmpty() ? List.of(QUALITY) : named;
        this.withOriginal = options.flag("original", true);
        this.withRewrite = options.flag("rewrite", false);
        String update = options.text("update", "dpo");
        this.isDpo = update.equals("dpo");
        this.beta = options.number("beta", 0.1, 1e-6, Integer.MAX_VALUE);
        this.minPrefix = options.integer("min_prefix", 1, 1);
        this.nextTokenWeight = (float) options.number("next_token_weight", 0, 0, Integer.MAX_VALUE);
        options.refuseUnknown();
        if (!isDpo && !update.equals("rf-nll")) {
            throw new IllegalArgumentException(
                    "phases: option 'update' of objective 'self-improving' must be 'dpo' or 'rf-nll'");
        }
        if (!SCORES.containsAll(scores) || Set.copyOf(scores).size() < scores.size()) {
            throw new IllegalArgumentException("phases: option 'score' of objective 'self-improving' is " + scores
                    + " but must list one or more of quality, safety and factuality, each once");
        }
        if (settings.groupSize() + (withOriginal ? 1 : 0) + (withRewrite ? 1 : 0) < 2) {
            throw new IllegalArgumentException("rollout.n is 1 and neither 'original' nor 'rewrite' is in the pool,"
                    + " but objective 'self-improving' compares at least 2 candidates");
        }
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public String rewardUnit() {
        return scores.equals(List.of(QUALITY))
                ? "pairwise win rate, 0 to 1"
                : String.join(" + ", scores) + ", each 0 to 1";
    }

    /** One task for every N tokens with {@code min_prefix} before them; the random numbers are unused. */
    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        int n = settings.maxResponseLength();
        List<Example> cuts = new ArrayList<>();
        for (int from = n; from + n <= tokens.length(); from += n) {
            if (from >= minPrefix) {
                TokenArray prefix = tokens.slice(0, from).last(settings.maxPromptLength());
                cuts.add(new Example(prefix, tokens.slice(from, from + n)));
            }
        }
        return cuts;
    }

    @Override
    public Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
        return Optional.of(new SamplingPlan(
                prompt,
                settings.groupSize(),
                settings.temperature(),
                0,
                settings.maxResponseLength(),
                tokenizer.endToken(),
                false));
    }

    @Override
    public boolean isThinking() {
        return false;
    }

    /** C. A missing rewrite is an empty candidate; this records and counts its failure. */
    @Override
    public CompletionStage<RolloutGroup> withCandidates(RolloutGroup group, Scorer scorer) {
        int next = group.rollouts().size();
        Task task = group.task();
        List<Rollout> candidates = new ArrayList<>();
        if (withOriginal) {
            candidates.add(Rollout.candidate(next++, task.target(), Origin.DOCUMENT));
        }
        if (!withRewrite) {
            return CompletableFuture.completedFuture(group.with(candidates));
        }
        int place = next;
        String original = text(task.target());
        return scorer.judge(REWRITER, Map.of("context", text(task.prompt()), "continuation", original))
                .thenApply(verdict -> {
                    candidates.add(Rollout.candidate(place, rewrite(verdict, original), Origin.REWRITE));
                    return group.with(candidates);
                });
    }

    /** The judge's text as tokens, at most N, after the original's leading white space. */
    private TokenArray rewrite(Verdict verdict, String original) {
        String words = verdict.status() == RewardStatus.OK ? verdict.reason().strip() : "";
        if (words.isEmpty()) {
            return TokenArray.EMPTY;
        }
        String space = original.substring(
                0, original.length() - original.stripLeading().length());
        TokenArray tokens = tokenizer.encode(space + words);
        return tokens.slice(0, Math.min(tokens.length(), settings.maxResponseLength()));
    }

    @Override
    public CompletionStage<List<Reward>> reward(
            Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
        List<Rollout> written =
                responses.stream().filter(candidate -> !isMissing(candidate)).toList();
        Map<String, CompletableFuture<List<Verdict>>> verdicts = verdicts(example, written, scorer);
        return Futures.all(verdicts.values()).thenApply(all -> {
            Map<Rollout, Reward> rewards = new HashMap<>();
            for (int i = 0; i < written.size(); i++) {
                rewards.put(written.get(i), sum(verdicts, i));
            }
            Reward nothing = Reward.failed("the rewriter wrote nothing");
            return responses.stream()
                    .map(candidate -> rewards.getOrDefault(candidate, nothing))
                    .toList();
        });
    }

    /** The verdicts on the candidates, in order, by score. */
    private Map<String, CompletableFuture<List<Verdict>>> verdicts(
            Example example, List<Rollout> candidates, Scorer scorer) {
        String context = text(example.prompt());
        String original = text(example.target());
        List<String> texts = candidates.stream()
                .map(candidate -> text(candidate.unforcedTokens()))
                .toList();
        Map<String, CompletableFuture<List<Verdict>>> verdicts = new LinkedHashMap<>();
        for (String score : scores) {
            verdicts.put(
                    score,
                    switch (score) {
                        case QUALITY -> quality(context, texts, scorer);
                        case SAFETY -> each(texts, y -> scorer.judge(SAFETY, y));
                        default -> each(texts, y -> factuality(context, original, y, scorer));
                    });
        }
        return verdicts;
    }

    private static boolean isMissing(Rollout candidate) {
        return candidate.origin() == Origin.REWRITE && candidate.response().isEmpty();
    }

    private static CompletableFuture<List<Verdict>> quality(String context, List<String> texts, Scorer scorer) {
        return Tournament.play(texts.size(), (i, j) -> {
            String first = texts.get(i);
            String second = texts.get(j);
            return first.equals(second)
                    ? CompletableFuture.completedFuture(Tournament.even())
                    : scorer.judge(QUALITY, Map.of("context", context, "first", first, "second", second));
        });
    }

    private static CompletionStage<Verdict> factuality(String context, String original, String y, Scorer scorer) {
        return y.equals(original)
                ? CompletableFuture.completedFuture(new Verdict(RewardStatus.OK, 1, "it is the document's own text"))
                : scorer.judge(FACTUALITY, Map.of("context", context, "reference", original, "continuation", y));
    }

    private static CompletableFuture<List<Verdict>> each(
            List<String> texts, Function<String, CompletionStage<Verdict>> question) {
        List<CompletableFuture<Verdict>> asked =
                texts.stream().map(y -> question.apply(y).toCompletableFuture()).toList();
        return Futures.all(asked);
    }

    /** R, or why there is none. */
    private static Reward sum(Map<String, CompletableFuture<List<Verdict>>> verdicts, int place) {
        double total = 0;
        Map<String, Double> components = new LinkedHashMap<>();
        for (Map.Entry<String, CompletableFuture<List<Verdict>>> score : verdicts.entrySet()) {
            Verdict verdict = score.getValue().join().get(place);
            if (verdict.status() != RewardStatus.OK || !Double.isFinite(verdict.score())) {
                RewardStatus status = verdict.status() == RewardStatus.OK ? RewardStatus.FAILED : verdict.status();
                return new Reward(0, components, status, score.getKey() + ": " + verdict.reason());
            }
            components.put(score.getKey(), verdict.score());
            total += verdict.score();
        }
        return Reward.of(total, components);
    }

    /** The text that the judge sees: without begin-of-text and end-of-text. */
    private String text(TokenArray tokens) {
        return tokenizer.decode(tokenizer.withoutEnds(tokens));
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        List<Experience> experiences = new ArrayList<>();
        Extremes.of(group).ifPresent(extremes -> experiences.addAll(updates(group, extremes)));
        if (nextTokenWeight > 0) {
            experiences.add(response(group.task().prompt(), group.task().target(), nextTokenWeight));
        }
        return experiences;
    }

    private List<Experience> updates(ScoredGroup group, Extremes extremes) {
        TokenArray context = group.group().context();
        TokenArray chosen = group.group().rollouts().get(extremes.best()).response();
        TokenArray rejected = group.group().rollouts().get(extremes.worst()).response();
        if (!isDpo) {
            return chosen.isEmpty() ? List.of() : List.of(response(context, chosen, 1));
        }
        boolean differs = !chosen.isEmpty() && !rejected.isEmpty() && !chosen.equals(rejected);
        return differs ? Experience.preference(group.id(), context, chosen, rejected, beta) : List.of();
    }

    /** Next-token prediction of the response's tokens only. */
    private static Experience response(TokenArray prompt, TokenArray response, float weight) {
        float[] weights = new float[prompt.length() + response.length()];
        for (int t = prompt.length(); t < weights.length; t++) {
            weights[t] = weight;
        }
        return Experience.nextToken(prompt.concat(response), FloatArray.of(weights));
    }
}
