package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ProgramSourceTest {
    private final ProgramSource source = new ProgramSource();

    @Test
    void everyMethodOfEveryFileIsInTheOneClass() throws Exception {
        Path folder = Path.of(Objects.requireNonNull(ProgramSource.class.getResource("program"))
                .toURI());
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".py")).toList()) {
                Files.readString(file)
                        .lines()
                        .filter(line -> line.strip().startsWith("def ") && line.endsWith(":"))
                        .forEach(line -> assertThat(source.torchScript())
                                .as(file.toString())
                                .contains(line.substring(0, line.indexOf('('))));
            }
        }
        assertThat(source.torchScript()).startsWith("class Policy(Module):").doesNotContain("import ");
    }

    @Test
    void namesAreSpelledAsTheLoaderKnowsThem() {
        assertThat(source.torchScript())
                .contains("__torch__.pad_rows(")
                .contains("List[__torch__.PackedLayer]")
                .contains("class PackedLayer(NamedTuple):")
                .contains("ops.mkldnn.")
                .doesNotContain("torch.ops.")
                .doesNotContain("torch.float32")
                .doesNotContain("torch.dtype")
                .doesNotContain("F.linear");
    }

    @Test
    void attributesStartEmpty() {
        Map<String, Object> attributes = source.attributes();
        assertThat(attributes.get("gradients")).isEqualTo(List.of());
        assertThat(attributes.get("optimizer")).isEqualTo(Map.of());
        assertThat(attributes.get("packed")).isEqualTo(Optional.empty());
        assertThat(attributes).containsKeys("layers", "dtype", "keys").doesNotContainKey("training");
    }
}
