package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.rollout;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Verdict;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RlptTest {
    private static final Pieces PIECES = new Pieces("<think>", "</think>", "<eos>", "<end>");
    private static final String CONTEXT = "The cat sat down. It was tired.";
    private static final String REFERENCE = "It slept all day. Then it ate a fish. Dr. Wu saw it.";
    private static final List<String> MARKERS = List.of("[", "]");

    /** A judge by a rule of the test, with what it was asked. */
    private static final class ScriptedJudge implements Scorer {
        final List<Map<String, String>> asked = new ArrayList<>();
        private final Function<Map<String, String>, Verdict> verdicts;

        ScriptedJudge(Function<Map<String, String>, Verdict> verdicts) {
            this.verdicts = verdicts;
        }

        static ScriptedJudge saying(double score) {
            return new ScriptedJudge(material -> new Verdict(RewardStatus.OK, score, ""));
        }

        @Override
        public CompletableFuture<FloatArray> logProbs(PolicyRole weights, TokenArray context, TokenArray continuation) {
            throw new AssertionError("RLPT needs no log-probabilities to reward");
        }

        @Override
        public CompletableFuture<Verdict> judge(String role, String material) {
            throw new AssertionError("the role has three places");
        }

        @Override
        public CompletableFuture<Verdict> judge(String role, Map<String, String> material) {
            assertThat(role).isEqualTo("semantic_prefix");
            asked.add(material);
            return CompletableFuture.completedFuture(verdicts.apply(material));
        }
    }

    private static Rlpt rlpt(Object... keysAndValues) {
        Map<String, Object> options = new HashMap<>(Map.of("markers", MARKERS));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            options.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return new Rlpt(new ObjectiveSettings(PIECES, 8, 1f, 64, 32, options));
    }

    private static Reward reward(Rlpt rlpt, Scorer scorer, String response) {
        return reward(rlpt, scorer, CONTEXT, REFERENCE, response);
    }

    private static Reward reward(Rlpt rlpt, Scorer scorer, String context, String reference, String response) {
        RolloutGroup group = group(
                task(PIECES.encode(context), PIECES.encode(reference)),
                rollout(0, FinishReason.STOP, 0, PIECES.encode(response).toArray()));
        return Fixtures.reward(rlpt, group, scorer).get(0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "hm</think>It slept all day.;missing_markers",
                "[It slept all day.];missing_markers", // inside a thought that never ends
                "</think>[It slept all day.;missing_markers",
                "</think>[];empty_prediction",
                "</think>[ \t ];empty_prediction",
                "</think>[It was tired.];copied_prediction",
                "</think>[The cat sat down.  It was tired.];copied_prediction",
                "</think>[It slept all day. Then it ate a fish. Dr. Wu saw it. And so it went on and on for a year"
                        + " and a day until in the end everyone had forgotten all about it.];overlong_prediction",
            })
    void whatIsNoPredictionEarnsNothingFromTheKindestJudge(String response, String reason) {
        ScriptedJudge judge = ScriptedJudge.saying(1);
        Reward truth = reward(rlpt(), judge, "</think>[It slept all day.]");

        Reward reward = reward(rlpt(), judge, response);

        assertThat(reward.isOk()).isTrue();
        assertThat(reward.total()).isZero().isLessThan(truth.total());
        reward.components().forEach((name, value) -> assertThat(value).as(name).isEqualTo(name.equals(reason) ? 1 : 0));
        assertThat(reward.components()).containsKey(reason).hasSize(5);
        assertThat(judge.asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "It slept all day.",
                " It slept\nall  day. ",
                "It slept all day. Then it ate a fish.",
                "It slept all day. Then it ate a fish. Dr. Wu saw it."
            })
    void theTextItselfIsRightUpToTheEndOfAnySentence(String prediction) {
        Reward byUnkindJudge = reward(rlpt(), ScriptedJudge.saying(0), "so</think>[" + prediction + "]");
        Reward byRule = reward(rlpt("verdict", "rule"), ScriptedJudge.saying(0), "so</think>[" + prediction + "]");

        assertThat(byUnkindJudge.total()).isEqualTo(1);
        assertThat(byUnkindJudge.components()).containsEntry("exact_prefix", 1.0);
        assertThat(byRule).isEqualTo(byUnkindJudge);
    }

    @Test
    void textsAreComparedInOneForm() {
        assertThat(reward(
                                rlpt("verdict", "rule"),
                                ScriptedJudge.saying(0),
                                "A.",
                                "Un cafe\u0301.",
                                "</think>[Un caf\u00e9.]")
                        .total())
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"It slept", "It slept all night.", "it slept all day.", "Then it ate a fish.", "Dr."})
    void theRuleAcceptsNothingElse(String prediction) {
        Reward reward = reward(rlpt("verdict", "rule"), ScriptedJudge.saying(1), "</think>[" + prediction + "]");

        assertThat(reward.total()).isZero();
        assertThat(reward.components().values()).containsOnly(0.0);
    }

    @Test
    void theJudgeIsShownBothTextsAndItsScoreIsTheReward() {
        ScriptedJudge judge = ScriptedJudge.saying(0.75);

        Reward reward = reward(rlpt(), judge, "[no]</think>first [this] then [ It napped. ] so");

        assertThat(judge.asked)
                .containsExactly(Map.of("context", CONTEXT, "reference", REFERENCE, "prediction", "It napped."));
        assertThat(reward.total()).isEqualTo(0.75);
        assertThat(reward.components()).containsEntry("semantic_prefix", 0.75).containsEntry("exact_prefix", 0.0);
    }

    @Test
    void aVerdictThatCannotBeHadIsNoReward() {
        Reward reward = reward(
                rlpt(),
                new ScriptedJudge(material -> new Verdict(RewardStatus.TIMEOUT, 0, "no answer within 5 s")),
                "</think>[It napped.]");

        assertThat(reward.status()).isEqualTo(RewardStatus.TIMEOUT);
        assertThat(reward.reason()).isEqualTo("no answer within 5 s");
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 0, 0", "0, 1, 0", "0.5, 0.5, 0.25"})
    void theStrictVariantAsksBothWays(double there, double back, double expected) {
        ScriptedJudge judge = new ScriptedJudge(material ->
                new Verdict(RewardStatus.OK, material.get("prediction").equals("It napped.") ? there : back, ""));
        Rlpt strict = rlpt("strict", true);

        Reward reward = reward(strict, judge, CONTEXT, "It slept all day.", "</think>[It napped.]");

        assertThat(reward.total()).isEqualTo(expected);
        assertThat(judge.asked).hasSize(there == 0 ? 1 : 2);
    }

    @Test
    void theStrictReferenceIsTheSentenceAlone() {
        Document document = new Document("d", "It is one. It is two. It is three. It is four.", "", Map.of());
        Object[] options = {"lambda", 0, "min_sentence_length", 1, "min_prefix", 2};
        Object[] strict = {"lambda", 0, "min_sentence_length", 1, "min_prefix", 2, "strict", true};
        for (int i = 0; i < 20; i++) {
            Example relaxed = rlpt(options)
                    .examples(document, TokenArray.EMPTY, new SplittableRandom(i))
                    .get(0);
            Example single = rlpt(strict)
                    .examples(document, TokenArray.EMPTY, new SplittableRandom(i))
                    .get(0);
            assertThat(single.prompt()).isEqualTo(relaxed.prompt());
            assertThat(PIECES.decode(single.target())).isIn("It is three.", "It is four.");
            assertThat(PIECES.decode(relaxed.target())).isIn("It is three. It is four.", "It is four.");
        }
    }

    @Test
    void middleAndNextSentencesAreMixedByLambda() {
        long seed = 250919249;
        SplittableRandom random = new SplittableRandom(seed);
        String text = "It is one.  It is two. Short. It is four. It is five.";
        Document document = new Document("d", text, "", Map.of());
        for (double lambda : new double[] {0, 0.25, 0.5, 1}) {
            Rlpt rlpt = rlpt("lambda", lambda, "min_sentence_length", 10, "reference_sentences", 2);
            Map<String, Integer> next = new HashMap<>();
            Map<String, Integer> middle = new HashMap<>();
            int visits = 6000;
            for (int visit = 0; visit < visits; visit++) {
                Example cut =
                        rlpt.examples(document, PIECES.encode(text), random).get(0);
                String asked = PIECES.decode(cut.prompt()) + " / " + PIECES.decode(cut.target());
                (asked.contains("<MASK>") ? middle : next).merge(asked, 1, Integer::sum);
                assertThat(rlpt.role(task(cut.prompt(), cut.target())))
                        .isEqualTo(asked.contains("<MASK>") ? "msr" : "asr");
            }
            double share = middle.values().stream().mapToInt(n -> n).sum() / (double) visits;

            assertThat(share).as("lambda %s, seed %d", lambda, seed).isCloseTo(lambda / (1 + lambda), within(0.025));
            assertThat(next.keySet())
                    .containsExactlyInAnyOrder(
                            "It is one. / It is two. Short.",
                            "It is one.  It is two. Short. / It is four. It is five.",
                            "It is one.  It is two. Short. It is four. / It is five.");
            assertThat(middle.keySet())
                    .hasSize(lambda == 0 ? 0 : 2)
                    .isSubsetOf(
                            "It is one.<MASK>Short. / It is two.",
                            "It is one.  It is two. Short.<MASK>It is five. / It is four.");
            next.forEach((asked, count) -> assertThat(count / (visits * (1 - share)))
                    .as("%s, seed %d", asked, seed)
                    .isCloseTo(1 / 3.0, within(0.04)));
        }
    }

    @Test
    void whatIsShownFitsTheLongestPrompt() {
        String text =
                "Words come first. ".repeat(10) + "This one is asked for. And these many words follow in the end.";
        Document document = new Document("d", text, "", Map.of());
        Object[] shape = {"min_prefix", 10, "next_prompt", List.of("Text: ", " Next?"), "lambda", 1};
        boolean[] seen = new boolean[2];
        for (int i = 0; i < 50; i++) {
            Rlpt rlpt = rlpt(shape);
            List<Example> cuts = rlpt.examples(document, TokenArray.EMPTY, new SplittableRandom(i));
            String prompt = cuts.isEmpty() ? "" : PIECES.decode(cuts.get(0).prompt());
            if (prompt.contains("<MASK>")) {
                seen[0] = true;
                assertThat(prompt).hasSize(64 + 6).endsWith(" first.<MASK>And these many words follow in t");
            } else if (!prompt.isEmpty()) {
                seen[1] = true;
                assertThat(prompt).hasSize(64 + 12).startsWith("Text: ").endsWith(". Next?");
            }
        }
        assertThat(seen).containsOnly(true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Only one sentence here.",
                "One is here. Tiny.",
                "no end at all",
                "The mask is <MASK> in this text. Another sentence is here. And here is a third."
            })
    void aDocumentWithoutASentenceToAskForIsNotCut(String text) {
        Document document = new Document("d", text, "", Map.of());
        for (int i = 0; i < 20; i++) {
            assertThat(rlpt().examples(document, TokenArray.EMPTY, new SplittableRandom(i)))
                    .isEmpty();
        }
    }

    @Test
    void aResponseEndsWithTheMarkerWhereThatIsAToken() {
        TokenArray prompt = PIECES.encode(CONTEXT);
        Task task = task(prompt, PIECES.encode(REFERENCE));
        int open = PIECES.idOf("<think>").getAsInt();

        assertThat(rlpt("markers", List.of("<begin>", "<end>"))
                        .sampling(task.prompt(), task.target())
                        .orElseThrow())
                .isEqualTo(new SamplingPlan(
                        prompt.append(open), 8, 1f, 1, 32, PIECES.idOf("<end>").getAsInt(), false));
        assertThat(rlpt("markers", List.of("<begin>", "<finish>"))
                        .sampling(task.prompt(), task.target())
                        .orElseThrow()
                        .stopToken())
                .isEqualTo(PIECES.endOfText().getAsInt());
    }

    @Test
    void groupsAreComparedAsGrpoDoes() {
        Rollout[] rollouts = new Rollout[8];
        for (int i = 0; i < 8; i++) {
            String response = i < 2 ? "</think>[It slept all day.]<eos>" : "</think>It slept all day.<eos>";
            rollouts[i] =
                    rollout(i, FinishReason.STOP, 0, PIECES.encode(response).toArray());
        }
        Rlpt rlpt = rlpt();
        RolloutGroup group = group(rlpt, task(PIECES.encode(CONTEXT), PIECES.encode(REFERENCE)), rollouts);
        List<Reward> rewards = Fixtures.reward(rlpt, group, ScriptedJudge.saying(0));

        List<Experience> experiences =
                rlpt.experiences(new ScoredGroup(group, rewards, 3, 0, Instant.EPOCH), AdvantageEstimator.GRPO);

        TokenArray context = group.task().prompt().append(PIECES.idOf("<think>").getAsInt());
        for (int i = 0; i < 8; i++) {
            Experience experience = experiences.get(i);
            assertThat(experience.tokens()).isEqualTo(context.concat(rollouts[i].response()));
            assertThat(experience.lossMask().sum()).isEqualTo(rollouts[i].sampledLength());
            assertThat((double) experience.advantages().at(context.length()))
                    .isCloseTo(i < 2 ? 1.62018 : -0.54006, within(1e-5));
        }
    }

    @Test
    void onlyTheJudgedVariantNeedsAJudge() {
        assertThat(rlpt().judgeRoles()).containsExactly("semantic_prefix");
        assertThat(rlpt("verdict", "rule").judgeRoles()).isEmpty();
    }

    @Test
    void whatIsWrongIsRefusedByName() {
        assertThatThrownBy(() -> rlpt("lambda", 1.5)).hasMessageContaining("'lambda'");
        assertThatThrownBy(() -> rlpt("markers", List.of("[", ""))).hasMessageContaining("'markers'");
        assertThatThrownBy(() -> rlpt("middle_prompt", List.of("a", "b"))).hasMessageContaining("'middle_prompt'");
        assertThatThrownBy(() -> rlpt("middle_prompt", List.of("a", "\n", "b")))
                .hasMessageContaining("has nothing as its second text, the mask");
        assertThatThrownBy(() -> rlpt("verdict", "coin")).hasMessageContaining("one of [judge, rule]");
        assertThatThrownBy(() -> rlpt("strict", true, "reference_sentences", 3))
                .hasMessageContaining("'reference_sentences'");
        assertThatThrownBy(() -> rlpt("horizon", 3)).hasMessageContaining("'horizon'");
        assertThatThrownBy(() -> new Rlpt(new ObjectiveSettings(PIECES, 1, 1f, 8, 8, Map.of())))
                .hasMessageContaining("rollout.n is 1");
    }
}
