package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.rewards;
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
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RptTest {
    private static final Pieces PIECES = new Pieces(
                    "<think>", "</think>", "<eos>", " the", " cat", "s", "\\boxed{", "}")
            .withBytes("e2", "82ac", "82", "ac", "f09f", "9880", "20e282");
    private static final TokenArray PROMPT = PIECES.encode("I like");
    private static final TokenArray NEXT = PIECES.encode(" the cats");

    private static Rpt rpt(Map<String, Object> options) {
        return new Rpt(new ObjectiveSettings(PIECES, 8, 0.8f, 64, 32, options));
    }

    private static Reward reward(Rpt rpt, TokenArray prompt, TokenArray next, String response) {
        return reward(rpt, prompt, next, PIECES.encode(response));
    }

    private static Reward reward(Rpt rpt, TokenArray prompt, TokenArray next, TokenArray response) {
        RolloutGroup group = group(task(prompt, next), rollout(0, FinishReason.STOP, 0, response.toArray()));
        return Fixtures.reward(rpt, group, new Fixtures.TableScorer(question -> {
                    throw new AssertionError("RPT needs no model to reward");
                }))
                .get(0);
    }

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "' the',1", "' the c',0", "' the cat',1", "'the',0", "'',0",
                "' the cats',1", "' the cats ',0", "' the  cat',0", "' dog',0", "' the dog',0"
            })
    void anAnswerIsRightWhenItIsAPrefixThatEndsWithAToken(String answer, double expected) {
        Reward reward = reward(rpt(Map.of()), PROMPT, NEXT, "hm</think>\\boxed{" + answer + "}");

        assertThat(reward.total()).isEqualTo(expected);
        assertThat(reward.components()).containsEntry("boxed", 1.0);
    }

    @Test
    void aRightAnswerTellsHowManyTokensItStates() {
        assertThat(reward(rpt(Map.of()), PROMPT, NEXT, "</think>\\boxed{ the cat}")
                        .components())
                .isEqualTo(Map.of("boxed", 1.0, "matched_tokens", 2.0));
        assertThat(reward(rpt(Map.of()), PROMPT, NEXT, "</think>\\boxed{ the ca}")
                        .components())
                .isEqualTo(Map.of("boxed", 1.0, "matched_tokens", 0.0));
    }

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "hm</think>so \\boxed{ dog} no \\boxed{ the} yes,1,1", // the last box counts
                "hm</think>so \\boxed{ the} no \\boxed{ dog},0,1",
                "\\boxed{ the} hm</think> the,0,0", // a box inside the thought does not
                "\\boxed{ dog}</think>\\boxed{ the},1,1",
                "hm</think>\\boxed{ dog}</think>\\boxed{ the},1,1", // the thought ends where it first closes
                "\\boxed{ the},0,0", // nor one in a thought that never ends
                "hm</think> the,0,0",
                "hm</think>\\boxed{ the,0,0", // a box cut off
                "hm</think>\\boxed{ the} and \\boxed{ the,0,0",
                "hm</think>\\boxed{{ the}},0,1",
                "hm</think>,0,0",
            })
    void theAnswerIsTheLastBoxAfterTheThought(String response, double expected, double boxed) {
        Reward reward = reward(rpt(Map.of()), PROMPT, NEXT, response);

        assertThat(reward.total()).isEqualTo(expected);
        assertThat(reward.components()).containsEntry("boxed", boxed);
    }

    @Test
    void bracesInsideABoxBalance() {
        TokenArray next = PIECES.encode("{a{b}}");

        assertThat(reward(rpt(Map.of()), PROMPT, next, "</think>\\boxed{{a{b}}}")
                        .total())
                .isEqualTo(1);
        assertThat(reward(rpt(Map.of("box", List.of("<<", ">>"))), PROMPT, next, "</think><<{a{>>")
                        .total())
                .as("other enclosures hold anything")
                .isEqualTo(1);
    }

    @Test
    void anAnswerThatEndsInsideACharacterIsNeverRight() {
        TokenArray euro = PIECES.encode(" €"); // 20e282 ac
        TokenArray broken =
                PIECES.encode("</think>\\boxed{").concat(euro.slice(0, 1)).concat(PIECES.encode("}"));
        TokenArray other = PIECES.encode("</think>\\boxed{ ")
                .append(PIECES.encode("\u2080").at(0))
                .concat(PIECES.encode("}"));

        assertThat(euro.length()).isEqualTo(2);
        assertThat(reward(rpt(Map.of()), PROMPT, euro, "</think>\\boxed{ €}").components())
                .containsEntry("matched_tokens", 2.0);
        assertThat(reward(rpt(Map.of()), PROMPT, euro, "</think>\\boxed{ }").total())
                .as("the first token holds the space and part of the character")
                .isEqualTo(0);
        assertThat(reward(rpt(Map.of()), PROMPT, euro, broken).total()).isEqualTo(0);
        assertThat(reward(rpt(Map.of()), PROMPT, euro, other).total()).isEqualTo(0);
    }

    @Test
    void charactersOfSeveralTokensAreRightAsAWhole() {
        TokenArray smile = PIECES.encode("\uD83D\uDE00s"); // f09f 9880 s

        assertThat(smile.length()).isEqualTo(3);
        assertThat(reward(rpt(Map.of()), PROMPT, smile, "</think>\\boxed{\uD83D\uDE00}")
                        .components())
                .containsEntry("matched_tokens", 2.0);
        assertThat(reward(rpt(Map.of()), PROMPT, smile, "</think>\\boxed{\uD83D\uDE00s}")
                        .components())
                .containsEntry("matched_tokens", 3.0);
    }

    /** The paper's words: bytes(y) == bytes(x)[0:l] and l among the cumulative byte lengths of the tokens. */
    private static double byBytes(TokenArray next, String y) {
        Set<Integer> lengths = new TreeSet<>();
        int length = 0;
        for (int k = 0; k < next.length(); k++) {
            length += PIECES.bytes(next.at(k)).length;
            lengths.add(length);
        }
        byte[] truth = PIECES.bytes(next);
        byte[] stated = y.getBytes(StandardCharsets.UTF_8);
        boolean isPrefix =
                stated.length <= truth.length && Arrays.equals(stated, Arrays.copyOfRange(truth, 0, stated.length));
        return isPrefix && lengths.contains(stated.length) ? 1 : 0;
    }

    @Test
    void rewardsAgreeWithACountOfBytes() {
        long seed = 25060800;
        Random random = new Random(seed);
        List<String> words = List.of(" the", " cat", "s", "€", " €", "\u2080", "é", "\uD83D\uDE00", "a", " ");
        Rpt rpt = rpt(Map.of());
        int right = 0;
        for (int i = 0; i < 5000; i++) {
            String text = random(words, 1 + random.nextInt(6), random);
            int[] points = text.codePoints().toArray();
            String start = new String(points, 0, random.nextInt(points.length + 1));
            String y = random.nextInt(4) == 0 ? start + words.get(random.nextInt(words.size())) : start;
            TokenArray next = PIECES.encode(text);
            double expected = byBytes(next, y);

            assertThat(reward(rpt, PROMPT, next, "</think>\\boxed{" + y + "}").total())
                    .as("'%s' for '%s' (%s), seed %d", y, text, next, seed)
                    .isEqualTo(expected);
            right += expected > 0 ? 1 : 0;
        }
        assertThat(right).isBetween(1000, 4000);
    }

    private static String random(List<String> words, int count, Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(words.get(random.nextInt(words.size())));
        }
        return text.toString();
    }

    @Test
    void samplingOpensAThoughtInsideTheInstructionAndEndsWithTheText() {
        Rpt rpt = rpt(Map.of("prompt", List.of("Context: ", " Think.")));

        assertThat(rpt.sampling(PROMPT, NEXT).orElseThrow())
                .isEqualTo(new SamplingPlan(
                        PIECES.encode("Context: ").concat(PROMPT).concat(PIECES.encode(" Think.<think>")),
                        8,
                        0.8f,
                        1,
                        32,
                        PIECES.endOfText().getAsInt(),
                        false));
    }

    @Test
    void positionsAreUniformAndNeverInsideACharacter() {
        long seed = 20250609;
        TokenArray tokens = PIECES.encode("ab€cd"); // a b e2 82ac c d
        Rpt rpt = rpt(Map.of("horizon", 2));
        SplittableRandom random = new SplittableRandom(seed);
        int[] counts = new int[7];
        for (int i = 0; i < 4000; i++) {
            Example cut = rpt.examples(
                            document(""), tokens.append(PIECES.endOfText().getAsInt()), random)
                    .get(0);
            int t = cut.prompt().length();
            counts[t]++;
            assertThat(cut)
                    .isEqualTo(new Example(tokens.slice(0, t), tokens.slice(t, Math.min(tokens.length(), t + 2))));
        }

        assertThat(tokens.length()).isEqualTo(6);
        assertThat(counts[0] + counts[3] + counts[6]).as("seed %d", seed).isZero();
        for (int t : new int[] {1, 2, 4, 5}) {
            assertThat(counts[t]).as("position %d, seed %d", t, seed).isBetween(890, 1110);
        }
    }

    @Test
    void aCharacterThatTheHorizonCutsOffIsNotAskedFor() {
        SplittableRandom random = new SplittableRandom(1);
        TokenArray tokens = PIECES.encode("a€"); // a e2 82ac

        assertThat(rpt(Map.of("horizon", 1)).examples(document(""), tokens, random))
                .isEmpty();
        assertThat(rpt(Map.of("horizon", 2)).examples(document(""), tokens, random))
                .containsExactly(new Example(tokens.slice(0, 1), tokens.slice(1, 3)));
        assertThat(rpt(Map.of()).examples(document(""), TokenArray.EMPTY, random))
                .isEmpty();
        assertThat(rpt(Map.of("min_prefix", 4)).examples(document(""), tokens, random))
                .isEmpty();
    }

    /** With a proxy whose entropy of token t of any text is {@code entropies} of t. */
    private static Rpt filtered(Map<String, Object> options, IntToDoubleFunction entropies) {
        Map<String, Object> all = new java.util.HashMap<>(options);
        all.put("proxy", "folder");
        ProxyModels proxies = (folder, tokenizer) -> (text, top) -> {
            assertThat(folder).isEqualTo("folder");
            assertThat(tokenizer).isSameAs(PIECES);
            assertThat(top).isEqualTo(16);
            float[] found = new float[text.length()];
            for (int t = 1; t < found.length; t++) {
                found[t] = (float) entropies.applyAsDouble(t);
            }
            return FloatArray.of(found);
        };
        return new Rpt(new ObjectiveSettings(PIECES, 8, 0.8f, 64, 32, all, proxies));
    }

    @Test
    void onlyPositionsThatTheProxyFindsHardAreAskedFor() {
        TokenArray tokens =
                PIECES.encode("0123456789").append(PIECES.endOfText().getAsInt());
        Rpt rpt = filtered(Map.of("entropy_threshold", 1.0, "min_prefix", 3), t -> t % 2 == 1 ? 1.0 : 0.99);
        int[] counts = new int[11];
        long seed = 25060801;
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 4000; i++) {
            counts[rpt.examples(document(""), tokens, random).get(0).prompt().length()]++;
        }

        for (int t = 0; t < counts.length; t++) {
            boolean isAsked = t >= 3 && t % 2 == 1;
            // 1000 of each, four standard deviations of 27
            assertThat(counts[t]).as("position %d, seed %d", t, seed).isBetween(isAsked ? 890 : 0, isAsked ? 1110 : 0);
        }
        assertThat(filtered(Map.of(), t -> 0.49).examples(document(""), tokens, random))
                .as("below the default of 0.5 everywhere")
                .isEmpty();
        assertThat(rpt.examples(document(""), tokens, new SplittableRandom(7)))
                .isEqualTo(rpt.examples(document(""), tokens, new SplittableRandom(7)));
    }

    @Test
    void aColdStartShowsAnswersThatRptRewards() {
        Map<String, Object> options = Map.of("prompt", List.of("Go on: ", " | "), "min_prefix", 2);
        Objective coldStart =
                Objectives.builtIn().create("rpt-cold-start", new ObjectiveSettings(PIECES, 8, 1f, 64, 32, options));
        Rpt rpt = rpt(options);
        int end = PIECES.endOfText().getAsInt();
        for (String text : List.of("I like the cats", "a€ smile: \uD83D\uDE00s", "{x}")) {
            TokenArray tokens = PIECES.encode(text).append(end);
            for (int seed = 0; seed < 40; seed++) {
                Example asked = rpt.examples(document(""), tokens, new SplittableRandom(seed))
                        .get(0);
                Example shown = coldStart
                        .examples(document(""), tokens, new SplittableRandom(seed))
                        .get(0);
                TokenArray context = rpt.sampling(asked.prompt(), asked.target())
                        .orElseThrow()
                        .context();
                TokenArray answer =
                        shown.target().slice(context.length(), shown.target().length());

                assertThat(shown.prompt()).isEqualTo(TokenArray.EMPTY);
                assertThat(shown.target()).isEqualTo(context.concat(answer));
                assertThat(answer.at(0)).isEqualTo(PIECES.idOf("</think>").getAsInt());
                assertThat(answer.at(answer.length() - 1)).isEqualTo(end);
                if (!text.contains("{")) { // a box holds no brace without its other half
                    assertThat(reward(rpt, asked.prompt(), asked.target(), answer)
                                    .total())
                            .as("'%s', seed %d", PIECES.decode(shown.target()), seed)
                            .isEqualTo(1);
                }
            }
        }
    }

    @Test
    void aColdStartTrainsEveryTokenButTheOneThatIsInserted() {
        Objective coldStart = new RptColdStart(new ObjectiveSettings(PIECES, 8, 1f, 64, 32, Map.of()));
        Example cut = coldStart
                .examples(document(""), PIECES.encode("I like the cats"), new SplittableRandom(3))
                .get(0);
        RolloutGroup group = group(task(cut.prompt(), cut.target()));
        Experience experience = coldStart
                .experiences(new ScoredGroup(group, List.of(), -1, 0, Instant.EPOCH), AdvantageEstimator.GRPO)
                .get(0);

        assertThat(experience.tokens()).isEqualTo(cut.target());
        for (int t = 1; t < cut.target().length(); t++) {
            boolean isInserted = cut.target().at(t) == PIECES.idOf("<think>").getAsInt();
            assertThat(experience.ceWeights().at(t)).isEqualTo(isInserted ? 0 : 1);
        }
        assertThat(coldStart.isSampled()).isFalse();
        assertThatThrownBy(() -> new RptColdStart(new ObjectiveSettings(PIECES, 8, 1f, 64, 32, Map.of("steps", 1))))
                .hasMessageContaining("'steps'");
    }

    @Test
    void groupsAreComparedAsGrpoDoes() {
        TokenArray wrong = PIECES.encode("</think>\\boxed{s}<eos>");
        TokenArray right = PIECES.encode("</think>\\boxed{ the}<eos>");
        Rollout[] rollouts = new Rollout[8];
        for (int i = 0; i < 8; i++) {
            rollouts[i] = rollout(i, FinishReason.STOP, 0, (i < 2 ? right : wrong).toArray());
        }
        Rpt rpt = rpt(Map.of());
        RolloutGroup group = group(rpt, task(PROMPT, NEXT), rollouts);
        List<Reward> rewards = Fixtures.reward(rpt, group, new Fixtures.TableScorer(question -> FloatArray.EMPTY));

        List<Experience> experiences =
                rpt.experiences(new ScoredGroup(group, rewards, 3, 0, Instant.EPOCH), AdvantageEstimator.GRPO);

        assertThat(rewards).extracting(Reward::total).containsExactly(1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        TokenArray context = PROMPT.append(PIECES.idOf("<think>").getAsInt());
        for (int i = 0; i < 8; i++) {
            Experience experience = experiences.get(i);
            TokenArray response = rollouts[i].response();
            assertThat(experience.tokens()).isEqualTo(context.concat(response));
            assertThat(experience.forbiddenFirst()).isEqualTo(PIECES.endOfText().getAsInt());
            for (int t = 0; t < experience.tokens().length(); t++) {
                boolean isSampled = t >= context.length();
                double advantage = i < 2 ? 1.62018 : -0.54006;
                assertThat(experience.lossMask().at(t)).isEqualTo(isSampled ? 1 : 0);
                assertThat((double) experience.advantages().at(t)).isCloseTo(isSampled ? advantage : 0, within(1e-5));
            }
        }
    }

    @Test
    void equalRewardsAreReplacedFromTheGivenStepOn() {
        assertThat(rpt(Map.of()).replacesEqualRewards(1_000_000)).isFalse();
        assertThat(rpt(Map.of("dynamic_sampling_from", 500)).replacesEqualRewards(499))
                .isFalse();
        assertThat(rpt(Map.of("dynamic_sampling_from", 500)).replacesEqualRewards(500))
                .isTrue();
    }

    @Test
    void whatIsNotThereOrWrongIsRefusedByName() {
        assertThatThrownBy(() -> rpt(Map.of("proxy", "folder"))).hasMessageContaining("no proxy model folder");
        assertThatThrownBy(() -> rpt(Map.of("entropy_threshold", 1.0)))
                .hasMessageContaining("'entropy_threshold' of objective 'rpt' has no effect without 'proxy'");
        assertThatThrownBy(() -> rpt(Map.of("entropy_top_k", 8))).hasMessageContaining("'entropy_top_k'");
        assertThatThrownBy(() -> filtered(Map.of("entropy_top_k", 1), text -> 1))
                .hasMessageContaining("'entropy_top_k'");
        assertThatThrownBy(() -> rpt(Map.of("box", List.of("[")))).hasMessageContaining("'box'");
        assertThatThrownBy(() -> rpt(Map.of("box", List.of("[", "")))).hasMessageContaining("'box'");
        assertThatThrownBy(() -> rpt(Map.of("discount", 1))).hasMessageContaining("'discount'");
        assertThatThrownBy(() -> new Rpt(new ObjectiveSettings(PIECES, 1, 1f, 8, 8, Map.of())))
                .hasMessageContaining("rollout.n is 1");
    }
}
