package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelBenchTest {
    @TempDir
    Path folder;

    @Test
    void samplingIsMeasuredInEveryPrecision() throws IOException {
        Map<String, JsonNode> cases = measure("rollout", "--case", "batch1,swap");
        assertThat(cases).containsOnlyKeys("batch1 float32", "batch1 bfloat16", "swap float32", "swap bfloat16");
        assertThat(cases.get("batch1 bfloat16").path("weights_gb_per_second").asDouble())
                .isPositive();
        assertThat(cases.get("swap float32").path("seconds").asDouble()).isPositive();
    }

    @Test
    void learningIsMeasuredWithItsMemory() throws IOException {
        Map<String, JsonNode> cases = measure("learner", "--precision", "float32");
        assertThat(cases).containsOnlyKeys("checkpointed float32", "train float32");
        for (JsonNode figures : cases.values()) {
            assertThat(figures.path("share_of_peak").asDouble()).isBetween(0.0, 1.0);
            assertThat(figures.path("resident_mib").asDouble()).isPositive();
        }
    }

    private static Map<String, JsonNode> measure(String bench, String... more) throws IOException {
        String[] all = new String[more.length + 7];
        System.arraycopy(more, 0, all, 7, more.length);
        System.arraycopy(new String[] {"bench", bench, "--json", "--size", "micro", "--rounds", "1"}, 0, all, 0, 7);
        Commands.Outcome outcome = Commands.run(all);
        assertThat(outcome.status()).as(outcome.err()).isZero();
        return StreamSupport.stream(outcome.json().path("cases").spliterator(), false)
                .collect(Collectors.toMap(each -> each.path("name").asText(), each -> each));
    }

    @Test
    void whatCannotBeMeasuredIsRefused() {
        assertThat(Commands.run("bench", "rollout", "--precision", "int4").err())
                .contains("--precision is 'int4' but must be");
        assertThat(Commands.run("bench", "learner", "--rounds", "0").status()).isEqualTo(2);
        assertThat(Commands.run("bench").err()).contains("rollout");
    }

    @Test
    void theProgramIsWrittenAsAnArchive() throws IOException {
        Path model = RunFolders.model(folder.resolve("model"));
        Path file = folder.resolve("model.pt");
        Commands.Outcome outcome = Commands.run(
                "program", model.toString(), file.toString(), "--device", "any", "--precision", "bfloat16");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        try (ZipFile archive = new ZipFile(file.toFile())) {
            assertThat(archive.getEntry("policy/code/__torch__.py")).isNotNull();
        }
        assertThat(Commands.run("program", model.toString(), file.toString(), "--device", "tpu")
                        .err())
                .contains("must be cpu or any");
        assertThat(Files.size(file)).isLessThan(1 << 20);
    }
}
