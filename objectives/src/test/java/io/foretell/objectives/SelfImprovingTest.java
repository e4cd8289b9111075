package io.foretell.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Origin;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Preference;
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
import io.foretell.domain.VersionRange;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SelfImprovingTest {
    private static final int N = 6;

    /** Every character is its token; NUL begins a text and BEL ends it. */
    private static final Tokenizer LETTERS = new Tokenizer() {
        @Override
        public TokenArray encode(String text) {
            return TokenArray.of(text.chars().toArray());
        }

        @Override
        public String decode(TokenArray tokens) {
            return new String(tokens.toArray(), 0, tokens.length());
        }

        @Override
        public OptionalInt idOf(String token) {
            return OptionalInt.empty();
        }

        @Override
        public OptionalInt beginOfText() {
            return OptionalInt.of(0);
        }

        @Override
        public OptionalInt endOfText() {
            return OptionalInt.of(7);
        }

        @Override
        public int vocabularySize() {
            return 256;
        }

        @Override
        public String fingerprint() {
            return "letters";
        }
    };

    /** A judge that a test makes up; it counts what it is asked. */
    private static final class FakeJudge implements Scorer {
        final List<String> asked = new ArrayList<>();
        private final BiFunction<String, Map<String, String>, Verdict> answers;

        FakeJudge(BiFunction<String, Map<String, String>, Verdict> answers) {
            this.answers = answers;
        }

        /** Prefers what is worth more; pairs are answered for both orders at once, as the judge does. */
        static FakeJudge of(ToDoubleFunction<String> worth) {
            return new FakeJudge((role, material) -> role.equals("quality")
                    ? ok((1
                                    + Math.signum(worth.applyAsDouble(material.get("first"))
                                            - worth.applyAsDouble(material.get("second"))))
                            / 2)
                    : ok(worth.applyAsDouble(
                            material.getOrDefault("text", material.getOrDefault("continuation", "")))));
        }

        @Override
        public CompletableFuture<FloatArray> logProbs(PolicyRole weights, TokenArray context, TokenArray continuation) {
            throw new AssertionError("no log-probability is expected to be asked for");
        }

        @Override
        public CompletableFuture<Verdict> judge(String role, String material) {
            return judge(role, Map.of("text", material));
        }

        @Override
        public CompletableFuture<Verdict> judge(String role, Map<String, String> material) {
            asked.add(role + " " + new java.util.TreeMap<>(material));
            return CompletableFuture.completedFuture(answers.apply(role, material));
        }
    }

    private static Verdict ok(double score) {
        return new Verdict(RewardStatus.OK, score, "because");
    }

    private static Verdict failed() {
        return new Verdict(RewardStatus.TIMEOUT, 0, "no answer within 1 s");
    }

    private static SelfImproving sip(Map<String, Object> options) {
        return new SelfImproving(new ObjectiveSettings(LETTERS, 3, 1f, 20, N, options));
    }

    private static RolloutGroup group(String original, String... rollouts) {
        return group(7, original, rollouts);
    }

    private static RolloutGroup group(long seed, String original, String... rollouts) {
        Task task = new Task(
                "g",
                "run",
                0,
                SelfImproving.NAME,
                "doc",
                TokenArray.of(0).concat(LETTERS.encode("once ")),
                LETTERS.encode(original),
                seed,
                -1,
                Instant.EPOCH);
        List<Rollout> sampled = new ArrayList<>();
        for (String rollout : rollouts) {
            TokenArray response = LETTERS.encode(rollout);
            sampled.add(new Rollout(
                    sampled.size(),
                    1,
                    response,
                    FloatArray.zeros(response.length()),
                    0,
                    1,
                    1,
                    FinishReason.STOP,
                    List.of(new VersionRange(2, 0, response.length()))));
        }
        return new RolloutGroup(task, task.prompt(), -1, sampled, "letters", "policy", 0.5, Instant.EPOCH);
    }

    private static ScoredGroup scored(SelfImproving sip, RolloutGroup group, Scorer judge) {
        RolloutGroup pool =
                sip.withCandidates(group, judge).toCompletableFuture().join();
        return new ScoredGroup(pool, Fixtures.reward(sip, pool, judge), 2, 0, Instant.EPOCH);
    }

    private static List<String> texts(ScoredGroup group) {
        return group.group().rollouts().stream()
                .map(rollout -> LETTERS.decode(rollout.response()))
                .toList();
    }

    /** The texts of the pair that is trained on, the chosen one first. */
    private static List<String> pair(SelfImproving sip, ScoredGroup group) {
        return sip.experiences(group, AdvantageEstimator.RLOO).stream()
                .sorted((a, b) -> Boolean.compare(
                        b.preference().isChosen(), a.preference().isChosen()))
                .map(side -> LETTERS.decode(side.tokens()
                        .slice(side.preference().from(), side.tokens().length())))
                .toList();
    }

    @Test
    void aDocumentBecomesAPrefixAndASuffixAtEachMultipleOfN() {
        TokenArray tokens = Fixtures.counting(21);

        List<Example> cuts = sip(Map.of()).examples(Fixtures.document(""), tokens, new Random(1));

        assertThat(cuts)
                .containsExactly(
                        new Example(tokens.slice(0, 6), tokens.slice(6, 12)),
                        new Example(tokens.slice(0, 12), tokens.slice(12, 18)));
        assertThat(sip(Map.of("min_prefix", 7)).examples(Fixtures.document(""), tokens, new Random(1)))
                .hasSize(1);
        assertThat(sip(Map.of()).examples(Fixtures.document(""), Fixtures.counting(11), new Random(1)))
                .isEmpty();
        assertThat(sip(Map.of()).examples(Fixtures.document(""), Fixtures.counting(60), new Random(1)))
                .hasSize(9)
                .allMatch(cut -> cut.prompt().length() <= 20 && cut.target().length() == N);
    }

    @Test
    void rolloutsHaveTheLengthOfTheSuffix() {
        SamplingPlan plan =
                Fixtures.sampling(sip(Map.of()), group("orig").task()).orElseThrow();

        assertThat(plan).isEqualTo(new SamplingPlan(group("orig").task().prompt(), 3, 1f, 0, N, 7, false));
    }

    @Test
    void theDocumentsOwnTextCompetes() {
        FakeJudge judge = FakeJudge.of(String::length);

        ScoredGroup group = scored(sip(Map.of()), group("origin", "a", "bb", "ccc"), judge);

        assertThat(texts(group)).containsExactly("a", "bb", "ccc", "origin");
        assertThat(group.group().rollouts())
                .extracting(Rollout::origin)
                .containsExactly(Origin.SAMPLED, Origin.SAMPLED, Origin.SAMPLED, Origin.DOCUMENT);
        assertThat(group.group().rollouts().get(3).sampledLength()).isZero();
        assertThat(group.rewards()).extracting(Reward::total).containsExactly(0.0, 1 / 3.0, 2 / 3.0, 1.0);
        assertThat(pair(sip(Map.of()), group)).containsExactly("origin", "a");
    }

    @Test
    void everyPairIsComparedOnceWithItsContext() {
        FakeJudge judge = FakeJudge.of(String::length);
        scored(sip(Map.of("score", List.of("quality", "safety"))), group("origin", "a", "bb", "ccc"), judge);

        List<String> pairs = new ArrayList<>();
        List<String> all = List.of("a", "bb", "ccc", "origin");
        for (int i = 0; i < 4; i++) {
            for (int j = i + 1; j < 4; j++) {
                pairs.add("quality {context=once , first=" + all.get(i) + ", second=" + all.get(j) + "}");
            }
        }
        all.forEach(text -> pairs.add("safety {text=" + text + "}"));
        assertThat(judge.asked).containsExactlyInAnyOrderElementsOf(pairs);
    }

    /** What a judge says whose answers are those to the text's place: averaged over both orders it says nothing. */
    @Test
    void aJudgeThatIsEvenOverBothOrdersMakesNoPair() {
        FakeJudge judge = new FakeJudge((role, material) -> ok(0.5));
        SelfImproving sip = sip(Map.of());

        ScoredGroup group = scored(sip, group("origin", "a", "bb", "ccc"), judge);

        assertThat(group.rewards()).extracting(Reward::total).containsOnly(0.5);
        assertThat(sip.experiences(group, AdvantageEstimator.RLOO)).isEmpty();
        assertThat(sip(Map.of("update", "rf-nll")).experiences(group, AdvantageEstimator.RLOO))
                .isEmpty();
    }

    @Test
    void emptyCopiedAndLongTextsWinOnlyWhereTheJudgeSaysSo() {
        String[] rollouts = {"\u0007", "aaaaaa", "origin", "bb", "origin"};
        ToDoubleFunction<String> sound = text -> text.equals("bb") ? 1 : text.equals("origin") ? 0.5 : 0;
        SelfImproving sip = sip(Map.of());
        FakeJudge judge = FakeJudge.of(sound);

        ScoredGroup group = scored(sip, group("origin", rollouts), judge);

        assertThat(pair(sip, group).get(0)).isEqualTo("bb");
        List<Double> totals = group.rewards().stream().map(Reward::total).toList();
        assertThat(totals.get(0)).as("empty, and over-long").isEqualTo(totals.get(1));
        assertThat(totals.get(2)).as("a copy").isEqualTo(totals.get(4)).isEqualTo(totals.get(5));
        assertThat(judge.asked)
                .as("equal texts are a draw")
                .noneMatch(each -> each.contains("first=origin, second=origin"));

        FakeJudge perverse = FakeJudge.of(text -> -text.length());
        assertThat(pair(sip, scored(sip, group("origin", "bb", "\u0007"), perverse)))
                .containsExactly("\u0007", "origin");
    }

    @Test
    void scoresAddUpAndTheDocumentIsTrue() {
        FakeJudge judge = new FakeJudge((role, material) -> switch (role) {
            case "quality" -> ok(0.25);
            case "safety" -> ok(material.get("text").equals("bad") ? 0 : 0.75);
            default -> ok(0.5);
        });
        SelfImproving sip = sip(Map.of("score", List.of("quality", "safety", "factuality")));

        ScoredGroup group = scored(sip, group("origin", "bad"), judge);

        assertThat(group.rewards().get(0).components())
                .isEqualTo(Map.of("quality", 0.25, "safety", 0.0, "factuality", 0.5));
        assertThat(group.rewards().get(0).total()).isCloseTo(0.75, within(1e-12));
        assertThat(group.rewards().get(1).total()).isCloseTo(0.75 + 0.75 + 1, within(1e-12));
        assertThat(judge.asked)
                .filteredOn(each -> each.startsWith("factuality"))
                .containsExactly("factuality {context=once , continuation=bad, reference=origin}");
    }

    @Test
    void aVerdictThatCannotBeHadIsNoZero() {
        FakeJudge judge = new FakeJudge((role, material) -> role.equals("quality")
                ? ok(material.get("first").length() > material.get("second").length() ? 1 : 0)
                : material.get("text").equals("bb") ? failed() : ok(1));
        SelfImproving sip = sip(Map.of("score", List.of("quality", "safety"), "original", false));

        ScoredGroup group = scored(sip, group("origin", "a", "bb", "ccc"), judge);

        Reward missing = group.rewards().get(1);
        assertThat(missing.status()).isEqualTo(RewardStatus.TIMEOUT);
        assertThat(missing.reason()).isEqualTo("safety: no answer within 1 s");
        assertThat(pair(sip, group)).as("of those with a verdict").containsExactly("ccc", "a");
    }

    @Test
    void aQualityNeedsHalfOfItsComparisons() {
        for (int lost = 1; lost <= 2; lost++) {
            Set<String> missing = new HashSet<>(List.of("bb", "ccc").subList(0, lost));
            FakeJudge judge = new FakeJudge((role, material) ->
                    material.get("first").equals("a") && missing.contains(material.get("second")) ? failed() : ok(1));

            ScoredGroup group = scored(sip(Map.of()), group("origin", "a", "bb", "ccc"), judge);

            assertThat(group.rewards().get(0).status()).isEqualTo(lost == 1 ? RewardStatus.OK : RewardStatus.TIMEOUT);
            assertThat(group.rewards().get(3).isOk()).isTrue();
        }
    }

    @Test
    void aRewriteIsCutToTheLengthOfTheSuffixAndBeginsLikeTheOriginal() {
        FakeJudge judge = new FakeJudge((role, material) -> role.equals("rewriter")
                ? new Verdict(RewardStatus.OK, Double.NaN, "kind words")
                : ok(material.get("first").length() > material.get("second").length() ? 1 : 0));
        SelfImproving sip = sip(Map.of("rewrite", true));

        ScoredGroup group = scored(sip, group(" orig", "a"), judge);

        assertThat(judge.asked.get(0)).isEqualTo("rewriter {context=once , continuation= orig}");
        assertThat(texts(group)).containsExactly("a", " orig", " kind ");
        assertThat(group.group().rollouts().get(2).origin()).isEqualTo(Origin.REWRITE);
        assertThat(pair(sip, group)).containsExactly(" kind ", "a");
    }

    @Test
    void aRewriteThatFailsIsKeptAsFailedAndNeverTrainedOn() {
        FakeJudge judge = new FakeJudge((role, material) -> role.equals("rewriter") ? failed() : ok(0));
        SelfImproving sip = sip(Map.of("rewrite", true));

        ScoredGroup group = scored(sip, group("origin", "a"), judge);

        assertThat(group.rewards().get(2).status()).isEqualTo(RewardStatus.FAILED);
        assertThat(pair(sip, group)).containsExactly("origin", "a");
    }

    @Test
    void filteredLikelihoodIsOfTheBestResponseOnly() {
        SelfImproving sip = sip(Map.of("update", "rf-nll"));
        ScoredGroup group = scored(sip, group("origin", "a", "bb"), FakeJudge.of(String::length));

        List<Experience> experiences = sip.experiences(group, AdvantageEstimator.RLOO);

        assertThat(experiences).hasSize(1);
        Experience only = experiences.get(0);
        assertThat(only.preference()).isNull();
        assertThat(only.tokens()).isEqualTo(group.task().prompt().concat(LETTERS.encode("origin")));
        assertThat(only.ceWeights().toArray()).containsExactly(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
    }

    @Test
    void nextTokenPredictionOfTheOriginalCanBeMixedIn() {
        SelfImproving sip = sip(Map.of("next_token_weight", 0.25, "beta", 0.3));
        ScoredGroup group = scored(sip, group("origin", "a", "bb"), FakeJudge.of(text -> -text.length()));

        List<Experience> experiences = sip.experiences(group, AdvantageEstimator.RLOO);

        assertThat(experiences).hasSize(3);
        assertThat(experiences.get(0).preference()).isEqualTo(new Preference("g", true, 6, 0.3));
        assertThat(experiences.get(1).preference()).isEqualTo(new Preference("g", false, 6, 0.3));
        assertThat(experiences.get(2).ceWeights().sum()).isEqualTo(0.25 * 6);
    }

    @Test
    void amongEqualsNeitherPlaceNorOriginDecides() {
        int[] best = new int[4];
        int[] worst = new int[4];
        ToDoubleFunction<String> worth = text -> text.length() > 2 ? 1 : 0;
        for (int seed = 0; seed < 2000; seed++) {
            ScoredGroup group = scored(sip(Map.of()), group(seed, "origin", "a", "bb", "ccc"), FakeJudge.of(worth));
            Extremes extremes = Extremes.of(group).orElseThrow();
            best[extremes.best()]++;
            worst[extremes.worst()]++;
        }
        assertThat(IntStream.of(best).limit(2).sum()).isZero();
        assertThat(best[2]).isBetween(900, 1100);
        assertThat(worst[0]).isBetween(900, 1100);
    }

    @Test
    void wrongOptionsAreRefusedInASentence() {
        assertThatThrownBy(() -> sip(Map.of("score", List.of("quality", "fun"))))
                .hasMessageContaining("[quality, fun] but must list one or more of quality, safety and factuality");
        assertThatThrownBy(() -> sip(Map.of("score", List.of("quality", "quality"))))
                .hasMessageContaining("each once");
        assertThatThrownBy(() -> sip(Map.of("update", "ppo"))).hasMessageContaining("must be 'dpo' or 'rf-nll'");
        assertThatThrownBy(() -> sip(Map.of("betta", 1))).hasMessageContaining("has no option 'betta'");
        assertThatThrownBy(() ->
                        new SelfImproving(new ObjectiveSettings(LETTERS, 1, 1f, 20, N, Map.of("original", false))))
                .hasMessageContaining("compares at least 2 candidates");
    }
}
