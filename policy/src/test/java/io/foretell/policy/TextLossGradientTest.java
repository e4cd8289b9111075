package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.Reinforce;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Objectives;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Objectives with a next-token term of their own, through a model of two layers, by finite differences. */
class TextLossGradientTest {
    private static final List<String> TEXTS = List.of("ab\nc#d\nef", "#g\nhij", "k\nl");
    private static final double ALPHA = 0.3;
    private static final double BETA = 0.7;

    @TempDir
    Path folder;

    /** Of a token: whether its line is bad, and logits before it now and before the weights were touched. */
    private interface Term {
        double of(boolean bad, int token, double[] logits, double[] frozen);
    }

    enum Case {
        UNLIKELIHOOD("phf-unlikelihood", Map.of("alpha", ALPHA), (bad, token, logits, frozen) -> {
            double p = Math.exp(ReferenceDecoder.logProb(logits, token, 1, -1));
            return bad ? -ALPHA * Math.log(1 - p) : -Math.log(p);
        }),
        AWR("phf-awr", Map.of("alpha", ALPHA, "beta", BETA, "good", "þ", "bad", "ÿ"), (bad, token, logits, frozen) -> {
            double reward = bad ? -1 : 0;
            double weight = Math.exp((reward - value(frozen)) / BETA);
            double error = reward - value(logits);
            return -ALPHA * weight * ReferenceDecoder.logProb(logits, token, 1, -1) + (1 - ALPHA) * error * error;
        });

        private final String name;
        private final Map<String, Object> options;
        private final Term term;

        Case(String name, Map<String, Object> options, Term term) {
            this.name = name;
            this.options = options;
            this.term = term;
        }

        /** The two tokens are bytes FE and FF. */
        private static double value(double[] logits) {
            return -1 / (1 + Math.exp(logits[0xfe] - logits[0xff]));
        }

        Objective objective(HuggingFaceTokenizer tokenizer) {
            Map<String, Object> all = new java.util.HashMap<>(options);
            all.put("banned", List.of("#"));
            return Objectives.builtIn().create(name, new ObjectiveSettings(tokenizer, 4, 1f, 64, 8, all));
        }

        /** (1/N) sum over the tokens of all texts. */
        double loss(ReferenceDecoder decoder, List<TokenArray> texts, List<double[][]> frozen) {
            double sum = 0;
            int n = 0;
            for (int i = 0; i < texts.size(); i++) {
                int[] tokens = texts.get(i).toArray();
                double[][] logits = decoder.logits(tokens);
                for (int t = 1; t < tokens.length; t++, n++) {
                    boolean bad = isBad(TEXTS.get(i), t);
                    sum += term.of(bad, tokens[t], logits[t - 1], frozen.get(i)[t - 1]);
                }
            }
            return sum / n;
        }
    }

    private static boolean isBad(String text, int t) {
        int from = text.lastIndexOf('\n', t - 1) + 1;
        int to = text.indexOf('\n', t) < 0 ? text.length() : text.indexOf('\n', t);
        return text.substring(from, to).contains("#");
    }

    private static Experience experience(Objective objective, TokenArray text) {
        Task task = new Task("task", "run", 0, objective.name(), "doc", TokenArray.EMPTY, text, 7, -1, Instant.EPOCH);
        RolloutGroup group =
                new RolloutGroup(task, TokenArray.EMPTY, -1, List.of(), "tokenizer", "policy", 0, Instant.EPOCH);
        return objective
                .experiences(new ScoredGroup(group, List.of(), -1, 0, Instant.EPOCH), AdvantageEstimator.RLOO)
                .get(0);
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void gradientsAreFiniteDifferencesOfTheLoss(Case one) {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        Random random = new Random(53);
        try (Policy policy = Policy.open(TestModels.write(folder, config, 54), TestModels.ONE_THREAD)) {
            List<TokenArray> texts =
                    TEXTS.stream().map(policy.tokenizer()::encode).toList();
            Objective objective = one.objective(policy.tokenizer());
            List<Experience> batch =
                    texts.stream().map(text -> experience(objective, text)).toList();
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<double[][]> frozen =
                    texts.stream().map(text -> decoder.logits(text.toArray())).toList();
            policy.startTraining();
            MicroBatchResult result = policy.accumulate(
                    batch,
                    LossAggregation.SEQ_MEAN_TOKEN_MEAN.weights(batch),
                    LossAggregation.nextTokenWeights(batch),
                    PolicyGradientLoss.of(new Reinforce()),
                    false);
            List<float[]> gradients = Gradients.take(policy, folder);

            assertThat(result.loss()).isCloseTo(one.loss(decoder, texts, frozen), within(2e-5));
            assertThat(result.ceLoss()).isEqualTo(result.loss());
            Gradients.assertAreDifferences(
                    gradients,
                    config,
                    decoder,
                    6,
                    (parameter, sample, weights) -> parameter == 0 && sample < 3 // rows that only the value looks at
                            ? (0xfe + sample % 2) * config.width() + sample
                            : random.nextInt(weights),
                    () -> one.loss(decoder, texts, frozen));
        }
    }
}
