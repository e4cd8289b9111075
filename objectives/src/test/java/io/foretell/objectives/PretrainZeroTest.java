package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.rollout;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PretrainZeroTest {
    private static final Pieces PIECES =
            new Pieces("<think>", "</think>", "<eos>", "[mask]", "\\mask{", "\\boxed{", "}");
    private static final String PARAGRAPH = "Ada met Bo. Bo left Ada at ten.";

    private static PretrainZero objective(Map<String, Object> options) {
        return new PretrainZero(new ObjectiveSettings(PIECES, 4, 0.9f, 200, 64, options));
    }

    private static final PretrainZero PROPOSED =
            objective(Map.of("generator_prompt", List.of("P:", " H"), "predictor_prompt", List.of("Q:", " G")));

    private static Task proposal(String paragraph) {
        return task(TokenArray.EMPTY, PIECES.encode(paragraph));
    }

    private static ScoredGroup scored(PretrainZero objective, Task task, String... responses) {
        List<Rollout> rollouts = new ArrayList<>();
        for (String response : responses) {
            rollouts.add(rollout(
                    rollouts.size(),
                    FinishReason.STOP,
                    0,
                    PIECES.encode(response + "<eos>").toArray()));
        }
        RolloutGroup group = group(objective, task, rollouts.toArray(Rollout[]::new));
        List<Reward> rewards = Fixtures.reward(objective, group, new Fixtures.TableScorer(question -> {
            throw new AssertionError("PretrainZero needs no model to reward");
        }));
        return new ScoredGroup(group, rewards, 3, 0, Instant.EPOCH);
    }

    private static ScoredGroup proposals(String... masks) {
        return scored(
                PROPOSED,
                proposal(PARAGRAPH),
                Arrays.stream(masks)
                        .map(mask -> "hm</think>\\mask{" + mask + "}")
                        .toArray(String[]::new));
    }

    /** The group of a spawned task, of which {@code right} of four answers are right. */
    private static Optional<ScoredGroup> answered(Example cut, int right) {
        String[] responses = new String[4];
        for (int i = 0; i < 4; i++) {
            responses[i] = "hm</think>\\boxed{" + (i < right ? PIECES.decode(cut.target()) : "no") + "}";
        }
        return Optional.of(scored(PROPOSED, task(cut.prompt(), cut.target()), responses));
    }

    private static List<Double> totals(ScoredGroup group) {
        return group.rewards().stream().map(Reward::total).toList();
    }

    @Test
    void aParagraphIsProposedForAsAWhole() {
        List<Example> cuts =
                PROPOSED.examples(document(""), PIECES.encode(PARAGRAPH + "<eos>"), new SplittableRandom(1));
        Task task = proposal(PARAGRAPH);

        assertThat(cuts).containsExactly(new Example(TokenArray.EMPTY, PIECES.encode(PARAGRAPH)));
        assertThat(PROPOSED.role(task)).isEqualTo("proposal");
        assertThat(Fixtures.sampling(PROPOSED, task).orElseThrow())
                .isEqualTo(new SamplingPlan(PIECES.encode("P:" + PARAGRAPH + " H<think>"), 8, 0.9f, 1, 64, 2, false));
        assertThat(PROPOSED.maxRollouts(4)).isEqualTo(8 + 8 * 4);
    }

    @Test
    void everyValidMaskIsAskedForWithAllItsOccurrencesHidden() {
        ScoredGroup group = proposals("Bo", " ten ", "Cy", "Ada");

        List<Example> spawned = PROPOSED.subtasks(group);

        assertThat(spawned)
                .containsExactly(
                        new Example(PIECES.encode("Ada met [mask]. [mask] left Ada at ten."), PIECES.encode("Bo")),
                        new Example(PIECES.encode("Ada met Bo. Bo left Ada at [mask]."), PIECES.encode("ten")),
                        new Example(PIECES.encode("[mask] met Bo. Bo left [mask] at ten."), PIECES.encode("Ada")));
        Task prediction = task(spawned.get(0).prompt(), spawned.get(0).target());
        assertThat(PROPOSED.role(prediction)).isEqualTo("prediction");
        assertThat(Fixtures.sampling(PROPOSED, prediction).orElseThrow())
                .isEqualTo(new SamplingPlan(
                        PIECES.encode("Q:Ada met [mask]. [mask] left Ada at ten. G<think>"), 4, 0.9f, 1, 64, 2, false));
        assertThat(PROPOSED.subtasks(answered(spawned.get(0), 1).orElseThrow()))
                .as("predictions spawn nothing")
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Cy", "", " ", "ada", "Ada met Bo. Bo left Ada at ten.", "Bo left Bo", "Ada  met", "</think>"})
    void anInvalidMaskEarnsNothingAndIsNotAskedFor(String mask) {
        ScoredGroup group = proposals(mask, "ten");
        List<Example> spawned = PROPOSED.subtasks(group);

        assertThat(spawned).hasSize(1);
        assertThat(group.rewards().get(0).components()).containsEntry("mask_valid", 0.0);
        assertThat(totals(PROPOSED.finalRewards(group, List.of(answered(spawned.get(0), 1)))))
                .containsExactly(0.0, 0.75);
    }

    @Test
    void aSpanThatStandsThereEightTimesIsNoMask() {
        String seven = "a b ".repeat(7) + "end";
        for (String paragraph : List.of(seven, "a b " + seven)) {
            ScoredGroup group = scored(PROPOSED, proposal(paragraph), "</think>\\mask{a}", "</think>\\mask{end}");

            assertThat(PROPOSED.subtasks(group)).hasSize(paragraph.equals(seven) ? 2 : 1);
        }
        assertThat(objective(Map.of("occurrences_below", 2)).subtasks(proposals("Bo", "ten")))
                .hasSize(1);
    }

    @Test
    void occurrencesDoNotOverlap() {
        assertThat(Masking.occurrences("aaaa", "aa")).isEqualTo(2);
        assertThat(Masking.occurrences("aaaa", "")).isZero();
        assertThat(new Masking(PIECES, "[mask]", 7, 0)
                        .mask("aaab", "aa")
                        .orElseThrow()
                        .text())
                .isEqualTo("[mask]ab");
    }

    @Test
    void aMaskMayBeLimitedInLength() {
        PretrainZero shorter = objective(Map.of("max_mask_length", 3));

        assertThat(shorter.subtasks(proposals("left", "ten"))).hasSize(1);
        assertThat(shorter.subtasks(proposals("left", "Ada"))).hasSize(1);
    }

    @Test
    void aMaskEarnsWhatThePredictorFailsAtUnlessNobodySolvedIt() {
        ScoredGroup group = proposals("Bo", "ten", "Cy", "Ada", "left");
        List<Example> cuts = PROPOSED.subtasks(group);

        ScoredGroup settled = PROPOSED.finalRewards(
                group,
                List.of(
                        answered(cuts.get(0), 0),
                        answered(cuts.get(1), 1),
                        answered(cuts.get(2), 3),
                        answered(cuts.get(3), 4)));

        assertThat(totals(settled)).containsExactly(0.0, 0.75, 0.0, 0.25, 0.0);
        assertThat(settled.rewards().get(1).components())
                .isEqualTo(Map.of("mask_valid", 1.0, "occurrences", 1.0, "accuracy", 0.25));
        assertThat(settled.rewards().get(2).components()).isEqualTo(Map.of("mask_valid", 0.0, "occurrences", 0.0));
        assertThat(settled.rewards().get(4).components()).containsEntry("accuracy", 1.0);
    }

    @Test
    void aMaskWhoseAnswersWereLostHasNoReward() {
        ScoredGroup group = proposals("Bo", "ten");
        List<Example> cuts = PROPOSED.subtasks(group);

        ScoredGroup settled = PROPOSED.finalRewards(group, List.of(Optional.empty(), answered(cuts.get(1), 2)));

        assertThat(settled.rewards().get(0).isOk()).isFalse();
        assertThat(settled.rewards().get(0).reason()).isEqualTo("the predictions of this mask were lost");
        assertThat(settled.rewards().get(1).total()).isEqualTo(0.5);
    }

    @Test
    void answersThatFitNoMasksAreOfNoUse() {
        ScoredGroup group = proposals("Bo", "ten");
        Example cut = PROPOSED.subtasks(group).get(0);

        assertThat(PROPOSED.finalRewards(group, List.of(answered(cut, 2))).rewards())
                .noneMatch(Reward::isOk);
    }

    @Test
    void whatWasAddedToARewardStaysAndOneThatCouldNotBeHadStaysSo() {
        ScoredGroup group = proposals("Bo", "ten");
        List<Example> cuts = PROPOSED.subtasks(group);
        Reward added = Reward.of(-0.5, Map.of("mask_valid", 1.0, "length", -0.5));
        ScoredGroup changed = group.withRewards(List.of(Reward.failed("no judge"), added));

        ScoredGroup settled =
                PROPOSED.finalRewards(changed, List.of(answered(cuts.get(0), 2), answered(cuts.get(1), 1)));

        assertThat(settled.rewards().get(0)).isEqualTo(Reward.failed("no judge"));
        assertThat(settled.rewards().get(1))
                .isEqualTo(Reward.of(0.25, Map.of("mask_valid", 1.0, "length", -0.5, "accuracy", 0.25)));
    }

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "hm</think>\\boxed{caf\u00e9},1",
                "hm</think>\\boxed{ cafe\u0301 },1", // white space, and the accent apart
                "hm</think>\\boxed{Caf\u00e9},0",
                "hm</think>\\boxed{the caf\u00e9},0",
                "hm</think>\\boxed{caf\u00e9} or \\boxed{bar},0", // the last counts
                "\\boxed{caf\u00e9}</think>,0",
                "\\boxed{caf\u00e9},0",
                "hm</think>caf\u00e9,0",
                "hm</think>\\boxed{},0"
            })
    void anAnswerIsRightWhenItIsTheSpanInNormalFormAndTrimmed(String response, double expected) {
        Task task = task(PIECES.encode("We met in the [mask] at ten."), PIECES.encode("caf\u00e9"));

        assertThat(totals(scored(PROPOSED, task, response))).containsExactly(expected);
    }

    @Test
    void paragraphsAreInNormalFormSoThatMasksAreFound() {
        List<Example> cuts =
                PROPOSED.examples(document(""), PIECES.encode(" the cafe\u0301 was shut "), new SplittableRandom(1));

        assertThat(PIECES.decode(cuts.get(0).target())).isEqualTo("the caf\u00e9 was shut");
    }

    private static double sum(List<Experience> experiences) {
        return experiences.stream()
                .mapToDouble(experience -> {
                    double sum = 0;
                    for (int t = 0; t < experience.tokens().length(); t++) {
                        sum += Math.abs(experience.advantages().at(t))
                                * experience.lossMask().at(t);
                    }
                    return sum;
                })
                .sum();
    }

    @Test
    void predictionsThatAreAllRightOrAllWrongAreLeftOut() {
        Example cut = PROPOSED.subtasks(proposals("Bo")).get(0);

        for (int right : new int[] {0, 4}) {
            assertThat(PROPOSED.experiences(answered(cut, right).orElseThrow(), AdvantageEstimator.GRPO))
                    .isEmpty();
        }
        List<Experience> mixed = PROPOSED.experiences(answered(cut, 1).orElseThrow(), AdvantageEstimator.GRPO);
        assertThat(mixed).hasSize(4);
        TokenArray context =
                PROPOSED.sampling(cut.prompt(), cut.target()).orElseThrow().context();
        assertThat(mixed.get(0).tokens().slice(0, context.length())).isEqualTo(context);
        assertThat(mixed.get(0).advantages().at(context.length())).isCloseTo(1.5f, within(1e-4f));
        assertThat(mixed.get(1).advantages().at(context.length())).isCloseTo(-0.5f, within(1e-4f));
        assertThat(mixed.get(0).lossMask().at(context.length() - 1)).isZero();
    }

    @Test
    void proposalsThatEarnTheSameHaveExactlyNoGradient() {
        for (AdvantageEstimator estimator : AdvantageEstimator.values()) {
            assertThat(sum(PROPOSED.experiences(proposals("Cy", "Di", "", "no such"), estimator)))
                    .as("%s", estimator)
                    .isZero();
        }
    }

    @Test
    void theGeneratorIsDrawnToMasksThatAreSolvedNowAndThen() {
        ScoredGroup group = proposals("Bo", "ten", "Cy");
        List<Example> cuts = PROPOSED.subtasks(group);
        ScoredGroup settled = PROPOSED.finalRewards(group, List.of(answered(cuts.get(0), 1), answered(cuts.get(1), 4)));

        List<Experience> experiences = PROPOSED.experiences(settled, AdvantageEstimator.GRPO);

        int begin = Fixtures.sampling(PROPOSED, group.task())
                .orElseThrow()
                .context()
                .length();
        assertThat(experiences).hasSize(3);
        assertThat(experiences.get(0).advantages().at(begin)).isPositive();
        assertThat(experiences.get(1).advantages().at(begin)).isNegative();
        assertThat(experiences.get(2).advantages().at(begin))
                .as("as little as one that everybody solves")
                .isEqualTo(experiences.get(1).advantages().at(begin));
    }

    @Test
    void randomMasksAreValidAndUniformInPlace() {
        long seed = 251203442;
        SplittableRandom random = new SplittableRandom(seed);
        PretrainZero objective = objective(Map.of("masks", "random", "random_mask_length", 1));
        TokenArray tokens = PIECES.encode("abcdefghij");
        int[] counts = new int[10];
        for (int i = 0; i < 5000; i++) {
            Example cut = objective.examples(document(""), tokens, random).get(0);
            String span = PIECES.decode(cut.target());
            assertThat(PIECES.decode(cut.prompt()).replace("[mask]", span)).isEqualTo("abcdefghij");
            counts["abcdefghij".indexOf(span)]++;
        }

        for (int count : counts) {
            assertThat(count).as("seed %d: %s", seed, Arrays.toString(counts)).isBetween(400, 600);
        }
        assertThat(objective.maxRollouts(4)).isEqualTo(4);
        assertThat(objective.role(task(tokens, tokens))).isEqualTo("prediction");
    }

    @Test
    void masksOfRandomTextsHideTheSpanAndNothingElse() {
        long seed = 34420251;
        Random random = new Random(seed);
        PretrainZero objective = objective(Map.of("masks", "random", "random_mask_length", 3, "min_paragraph", 2));
        String letters = "aab \u00e9\u20ac";
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(30); n > 0; n--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            for (Example cut :
                    objective.examples(document(""), PIECES.encode(text.toString()), new SplittableRandom(i))) {
                String shown = PIECES.decode(cut.prompt());
                String span = PIECES.decode(cut.target());
                int hidden = Masking.occurrences(shown, "[mask]");
                assertThat(shown.replace("[mask]", span))
                        .as("seed %d, text %d", seed, i)
                        .isEqualTo(Masking.normal(text.toString()));
                assertThat(hidden).isBetween(1, 7);
                assertThat(shown.replace("[mask]", "\n")).doesNotContain(span);
                assertThat(span).isNotBlank().isEqualTo(span.strip());
            }
        }
    }

    /** Masks the most open tokens, where token t of any text has the entropy {@code entropies} of t. */
    private static PretrainZero open(double share, IntToDoubleFunction entropies) {
        ProxyModels proxies = (folder, tokenizer) -> (text, top) -> {
            assertThat(folder).isEqualTo("folder");
            assertThat(top).isEqualTo(16);
            float[] found = new float[text.length()];
            Arrays.setAll(new double[found.length], t -> found[t] = (float) entropies.applyAsDouble(t));
            return FloatArray.of(found);
        };
        Map<String, Object> options = Map.of("masks", "entropy", "proxy", "folder", "entropy_share", share);
        return new PretrainZero(new ObjectiveSettings(PIECES, 4, 0.9f, 200, 64, options, proxies));
    }

    @Test
    void theMostOpenTokensAreMaskedAndWhatFollowsIsCutOff() {
        long seed = 25120344;
        SplittableRandom random = new SplittableRandom(seed);
        PretrainZero objective = open(0.2, t -> t == 0 ? 9 : t == 4 || t == 7 ? 2 : 1.0 / t);
        TokenArray tokens = PIECES.encode("bananas<eos>");
        assertThat(objective.examples(document(""), tokens, random))
                .as("too short")
                .isEmpty();
        tokens = PIECES.encode("0123012 89<eos>");
        int[] counts = new int[10];
        for (int i = 0; i < 2000; i++) {
            Example cut = objective.examples(document(""), tokens, random).get(0);
            String shown = PIECES.decode(cut.prompt());
            assertThat(shown).endsWith("[mask]").isEqualTo(shown.replace(" ", "")); // white space is never asked for
            counts[shown.length() - "[mask]".length()]++;
            assertThat(PIECES.decode(cut.target())).isEqualTo("" + "0123012 89".charAt(shown.length() - 6));
        }

        // nine tokens follow others, a fifth of them is two: the fifth, and a space that is no mask
        assertThat(counts).as("seed %d", seed).isEqualTo(new int[] {0, 0, 0, 0, 2000, 0, 0, 0, 0, 0});
        PretrainZero half = open(0.4, t -> t);
        int[] later = new int[10];
        for (int i = 0; i < 2000; i++) {
            Example cut = half.examples(document(""), PIECES.encode("abcdefghij"), random)
                    .get(0);
            later[PIECES.decode(cut.prompt()).length() - 6]++;
        }
        for (int t = 0; t < later.length; t++) {
            assertThat(later[t]).as("%d of seed %d", t, seed).isBetween(t < 6 ? 0 : 400, t < 6 ? 0 : 600);
        }
        Task task = task(PIECES.encode("0123[mask]"), PIECES.encode("0"));
        assertThat(objective.role(task)).isEqualTo("prediction");
        assertThat(objective.maxRollouts(4)).isEqualTo(4);
    }

    @Test
    void openTokensThatAreNoTextAreNotMaskedAndTheSameVisitAlwaysIsTheSame() {
        PretrainZero first = open(0.05, t -> t == 8 ? 1 : 0); // the second half of the euro sign, see Pieces
        assertThat(first.examples(document(""), PIECES.encode("abcdefg\u20ac more"), new SplittableRandom(1)))
                .isEmpty();
        PretrainZero any = open(1, t -> 1);
        TokenArray tokens = PIECES.encode(PARAGRAPH);
        for (int seed = 0; seed < 50; seed++) {
            assertThat(any.examples(document(""), tokens, new SplittableRandom(seed)))
                    .isEqualTo(any.examples(document(""), tokens, new SplittableRandom(seed)))
                    .hasSize(1);
        }
    }

    @Test
    void aLongDocumentShowsAWindowAndAShortOneOrOneWithTheMarkerNone() {
        String text = "0123456789".repeat(30);
        Example cut = PROPOSED.examples(document(""), PIECES.encode(text), new SplittableRandom(3))
                .get(0);

        assertThat(cut.target().length()).isEqualTo(200);
        assertThat(text).contains(PIECES.decode(cut.target()));
        assertThat(PROPOSED.examples(document(""), PIECES.encode("short"), new SplittableRandom(3)))
                .isEmpty();
        assertThat(PROPOSED.examples(document(""), PIECES.encode("here is [mask] already"), new SplittableRandom(3)))
                .isEmpty();
        assertThat(PROPOSED.examples(document(""), TokenArray.EMPTY, new SplittableRandom(3)))
                .isEmpty();
    }

    @Test
    void heldOutQuestionsAskForTheirLastTokenAndOtherDocumentsForAnySpan() {
        TokenArray tokens = PIECES.encode("so y5 is 8<eos>");

        assertThat(PROPOSED.heldOutExamples(document("held-out"), tokens, new SplittableRandom(1)))
                .containsExactly(new Example(PIECES.encode("so y5 is [mask]"), PIECES.encode("8")));
        Example other = PROPOSED.heldOutExamples(document(""), tokens, new SplittableRandom(1))
                .get(0);
        assertThat(PIECES.decode(other.prompt())).contains("[mask]");
        Task question = task(PIECES.encode("so y5 is [mask]"), PIECES.encode("8"));
        assertThat(PROPOSED.withoutThought(question.example()))
                .isEqualTo(
                        new Example(PIECES.encode("Q:so y5 is [mask] G<think></think>\\boxed{"), PIECES.encode("8")));
    }

    @Test
    void childrenHaveIdsThatDependOnTheirParentAndOnWhatIsAsked() {
        Task parent = proposal(PARAGRAPH);
        List<Example> cuts = PROPOSED.subtasks(proposals("Bo", "ten"));
        Task first = parent.child(0, cuts.get(0), Instant.EPOCH);

        assertThat(first).isEqualTo(parent.child(0, cuts.get(0), Instant.EPOCH));
        assertThat(first.id())
                .startsWith(parent.id() + "/0-")
                .isNotEqualTo(parent.child(0, cuts.get(1), Instant.EPOCH).id());
        assertThat(first.seed())
                .isNotEqualTo(parent.child(1, cuts.get(0), Instant.EPOCH).seed());
        assertThat(Task.parentOf(first.id())).contains(parent.id());
        assertThat(Task.parentOf(parent.id())).isEmpty();
        assertThat(first.minPolicyVersion()).isEqualTo(parent.minPolicyVersion());
    }

    @Test
    void whatIsNotThereOrWrongIsRefusedByName() {
        assertThatThrownBy(() -> objective(Map.of("masks", "none")))
                .hasMessageContaining("one of [proposed, random, entropy]");
        assertThatThrownBy(() -> objective(Map.of("masks", "entropy"))).hasMessageContaining("'proxy'");
        for (String key : List.of("proxy", "entropy_share", "entropy_top_k")) {
            assertThatThrownBy(() -> objective(Map.of("masks", "random", key, 1)))
                    .hasMessageContaining("'" + key + "'")
                    .hasMessageContaining("has no effect without 'masks: entropy'");
        }
        assertThatThrownBy(() -> objective(Map.of("mask", List.of("[", "")))).hasMessageContaining("'mask'");
        assertThatThrownBy(() -> objective(Map.of("generator_prompt", List.of("one"))))
                .hasMessageContaining("'generator_prompt'")
                .hasMessageContaining("two texts");
        assertThatThrownBy(() -> objective(Map.of("masks_per_paragraph", 1)))
                .hasMessageContaining("'masks_per_paragraph'");
        assertThatThrownBy(() -> objective(Map.of("horizon", 1))).hasMessageContaining("'horizon'");
        assertThatThrownBy(() -> new PretrainZero(new ObjectiveSettings(PIECES, 1, 1f, 8, 8, Map.of())))
                .hasMessageContaining("rollout.n is 1");
    }
}
