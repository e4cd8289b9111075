package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.PolicyRole;
import io.foretell.huggingface.PolicyException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightAverageTest {
    @TempDir
    Path folder;

    private Path saved(String name, long seed) {
        Path origin = TestModels.write(folder.resolve("origin-" + name), TestModels.config("qwen3", 2, true), seed);
        Path target = folder.resolve(name);
        try (Policy policy = Policy.open(origin, TestModels.ONE_THREAD)) {
            policy.save(target, origin);
        }
        return target;
    }

    @Test
    void everyWeightAndTheTeachersIsTheMean() {
        List<Path> folders = List.of(saved("a", 1), saved("b", 2), saved("c", 3));
        WeightAverage.write(folders, folder.resolve("mean"));

        List<List<float[]>> all = new ArrayList<>();
        for (Path each : folders) {
            try (Policy policy = Policy.open(each, TestModels.ONE_THREAD)) {
                all.add(policy.weights(PolicyRole.LIVE));
            }
        }
        try (Policy mean = Policy.open(folder.resolve("mean"), TestModels.ONE_THREAD)) {
            for (PolicyRole which : PolicyRole.values()) {
                List<float[]> found = mean.weights(which);
                for (int p = 0; p < found.size(); p++) {
                    float[] expected = new float[found.get(p).length];
                    for (int i = 0; i < expected.length; i++) {
                        double sum = (double) all.get(0).get(p)[i]
                                + all.get(1).get(p)[i]
                                + all.get(2).get(p)[i];
                        expected[i] = (float) (sum / 3);
                    }
                    assertThat(found.get(p)).as("%s of parameter %d", which, p).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void anotherArchitectureIsRefused() {
        Path other = TestModels.write(folder.resolve("other"), TestModels.config("qwen3", 1, true), 1);
        List<Path> folders = List.of(other, saved("a", 1));
        assertThatThrownBy(() -> WeightAverage.write(folders, folder.resolve("mean")))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("other");
    }
}
