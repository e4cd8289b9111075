package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    private static final List<ModelConfig.Parameter> PARAMETERS =
            List.of(new ModelConfig.Parameter("a.weight", List.of(2, 3)), new ModelConfig.Parameter("b", List.of(4)));

    @TempDir
    Path folder;

    @Test
    void shardsAreWrittenAsTransformersNamesThem() throws Exception {
        List<ModelConfig.Parameter> three =
                List.of(PARAMETERS.get(0), PARAMETERS.get(1), new ModelConfig.Parameter("c", List.of(3)));
        Slice.Source values = (index, slice) -> {
            FloatBuffer buffer = FloatBuffer.allocate((int) slice.size());
            for (int i = 0; buffer.hasRemaining(); i++) {
                buffer.put(10 * index + i);
            }
            return buffer.flip();
        };
        Files.writeString(folder.resolve("x.safetensors"), "stale");
        Files.writeString(folder.resolve("x-00004-of-00009.safetensors"), "stale");
        SafetensorsWriter.folder(folder, "x", three, FloatFormat.F32, 28, values);
        assertThat(folder.toFile().list())
                .containsExactlyInAnyOrder(
                        "x-00001-of-00002.safetensors", "x-00002-of-00002.safetensors", "x.safetensors.index.json");
        JsonNode index = new ObjectMapper()
                .readTree(folder.resolve("x.safetensors.index.json").toFile());
        assertThat(index.path("metadata").path("total_size").asInt()).isEqualTo(52);
        assertThat(index.path("weight_map").path("b").asText()).isEqualTo("x-00002-of-00002.safetensors");
        Safetensors opened = Safetensors.open(folder, "x");
        assertThat(floats(opened.read("a.weight", List.of(2, 3)))).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(floats(opened.read("c", List.of(3)))).containsExactly(20, 21, 22);
        SafetensorsWriter.folder(folder, "x", three, FloatFormat.F32, 1, values);
        assertThat(folder.toFile().list()).hasSize(4);
        SafetensorsWriter.folder(folder, "x", three, FloatFormat.F32, 52, values);
        assertThat(folder.toFile().list()).containsExactly("x.safetensors");
    }

    @Test
    void aTensorOfManySlicesIsReadAsItWasWritten() {
        List<Integer> shape = List.of(9_000, 2_048);
        List<ModelConfig.Parameter> large = List.of(new ModelConfig.Parameter("w", shape));
        for (FloatFormat format : FloatFormat.values()) {
            SafetensorsWriter.file(folder.resolve("x.safetensors"), large, format, (index, slice) -> {
                float[] rows = new float[(int) slice.size()];
                for (int i = 0; i < rows.length; i++) {
                    rows[i] = (slice.from() + i / 2048) % 256;
                }
                return FloatBuffer.wrap(rows);
            });
            AtomicInteger rows = new AtomicInteger();
            Safetensors.open(folder, "x").read("w", shape, (slice, values) -> {
                assertThat(values.isDirect()).isTrue();
                assertThat(values.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
                assertThat((long) values.remaining()).isEqualTo(slice.size());
                assertThat(values.get(0)).isEqualTo(slice.from() % 256);
                assertThat(values.get(values.limit() - 1))
                        .isEqualTo((slice.from() + slice.shape().get(0) - 1) % 256);
                assertThat(slice.from()).isEqualTo(rows.getAndAdd(slice.shape().get(0)));
            });
            assertThat(rows).hasValue(9_000);
        }
    }

    @Test
    void aFullOrUnwritableTargetIsOneSentence() throws Exception {
        Files.createSymbolicLink(folder.resolve("full.safetensors"), Path.of("/dev/full"));
        assertComplaint(
                () -> Safetensors.write(folder.resolve("full.safetensors"), PARAMETERS, i -> FloatBuffer.allocate(6)),
                "cannot write",
                "full.safetensors: No space left on device");
        assertComplaint(
                () -> Safetensors.write(folder.resolve("none/x.safetensors"), PARAMETERS, i -> FloatBuffer.allocate(6)),
                "cannot write",
                "none/x.safetensors: there is no such folder");
    }

    private static float[] floats(FloatBuffer buffer) {
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    private static void assertComplaint(ThrowingCallable call, String... parts) {
        Throwable thrown = catchThrowable(call);
        assertThat(thrown).isInstanceOf(PolicyException.class);
        assertThat(thrown.getMessage()).contains(parts).doesNotContain("\n");
    }
}
