package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.AttentionPattern;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Rope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecoderTest {
    private static final double TOLERANCE = 1e-4;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "qwen3,true",
        "qwen3,false",
        "qwen2,true",
        "qwen2,false",
        "llama,true",
        "llama,false",
        "mistral,false",
        "smollm3,true"
    })
    void scoresAgreeWithTheDecoderOfThePapers(String modelType, boolean tied) {
        assertAgreement(TestModels.config(modelType, 2, tied));
    }

    @ParameterizedTest
    @CsvSource({"qwen2,4,true", "qwen2,1,false", "qwen3,7,true", "smollm3,5,false"})
    void slidingLayersLayersWithoutPositionsAndScaledRopeAgree(String modelType, int window, boolean first) {
        ModelConfig plain = TestModels.config(modelType, 3, true);
        boolean rotates = !modelType.equals("smollm3");
        assertAgreement(new ModelConfig(
                modelType,
                plain.width(),
                plain.layers(),
                plain.heads(),
                plain.kvHeads(),
                plain.headDim(),
                plain.feedForward(),
                plain.vocabularySize(),
                plain.maxPositions(),
                plain.normEps(),
                new Rope(5000, "llama3", 8, 1, 4, 32),
                new AttentionPattern(window, List.of(first, !first, false), List.of(true, rotates, rotates)),
                true,
                Map.of()));
    }

    private void assertAgreement(ModelConfig config) {
        try (Policy policy = Policy.open(TestModels.write(folder, config, 11), TestModels.ONE_THREAD)) {
            ReferenceDecoder reference = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            Random random = new Random(12);
            List<ScoreRequest> requests = new ArrayList<>();
            for (int length : new int[] {2, 3, 17, 64, 5}) {
                TokenArray tokens = TestModels.tokens(random, length);
                int context = 1 + random.nextInt(length - 1);
                requests.add(new ScoreRequest(tokens.slice(0, context), tokens.slice(context, length)));
            }
            List<Score> scores = policy.score(PolicyRole.LIVE, requests);
            double largest = 0;
            for (int i = 0; i < requests.size(); i++) {
                ScoreRequest request = requests.get(i);
                int[] tokens = request.context().concat(request.continuation()).toArray();
                double[] expected = reference.logProbs(tokens);
                for (int t = 0; t < request.continuation().length(); t++) {
                    double wanted = expected[request.context().length() + t];
                    largest =
                            Math.max(largest, Math.abs(scores.get(i).logProbs().at(t) - wanted));
                    assertThat((double) scores.get(i).logProbs().at(t))
                            .as("%s request %d token %d", config, i, t)
                            .isCloseTo(wanted, within(TOLERANCE));
                }
            }
            System.out.printf("%s: largest difference to the reference %.2e nats%n", config, largest);
        }
    }
}
