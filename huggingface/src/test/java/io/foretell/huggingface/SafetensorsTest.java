package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
    private static final List<ModelConfig.Parameter> PARAMETERS =
            List.of(new ModelConfig.Parameter("a.weight", List.of(2, 3)), new ModelConfig.Parameter("b", List.of(4)));

    @TempDir
    Path folder;

    @Test
    void whatWasWrittenIsReadAndWrittenAgainToTheSameBytes() throws Exception {
        float[][] values = {
            {1, -2, Float.MIN_VALUE, Float.NaN, Float.NEGATIVE_INFINITY, -0f}, {3, 4, Float.MAX_VALUE, 1e-30f}
        };
        Path first = folder.resolve("x.safetensors");
        Safetensors.write(first, PARAMETERS, i -> FloatBuffer.wrap(values[i]));
        Safetensors opened = Safetensors.open(folder, "x");
        Path second = folder.resolve("y.safetensors");
        Safetensors.write(
                second,
                PARAMETERS,
                i -> opened.read(PARAMETERS.get(i).name(), PARAMETERS.get(i).shape()));
        assertThat(Files.mismatch(first, second)).isEqualTo(-1);
        assertThat(floats(opened.read("a.weight", List.of(2, 3)))).containsExactly(values[0]);
    }

    @Test
    void everyHalfPrecisionNumberIsReadExactly() throws Exception {
        ByteBuffer halves = ByteBuffer.allocate(2 * 65536).order(ByteOrder.LITTLE_ENDIAN);
        for (int bits = 0; bits < 65536; bits++) {
            halves.putShort((short) bits);
        }
        for (String type : List.of("F16", "BF16")) {
            file(
                    "x",
                    "{\"h\":{\"dtype\":\"" + type + "\",\"shape\":[65536],\"data_offsets\":[0,131072]}}",
                    halves.array());
            float[] found = floats(Safetensors.open(folder, "x").read("h", List.of(65536)));
            for (int bits = 0; bits < 65536; bits++) {
                float expected = type.equals("BF16") ? Float.intBitsToFloat(bits << 16) : half(bits);
                assertThat(Float.compare(found[bits], expected))
                        .as("%s %x", type, bits)
                        .isZero();
            }
        }
    }

    /** IEEE 754 binary16 by its definition. */
    private static float half(int bits) {
        int exponent = bits >> 10 & 31;
        int fraction = bits & 1023;
        double magnitude = exponent == 31
                ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * Math.pow(2, exponent - 25);
        return (float) ((bits & 0x8000) == 0 ? magnitude : -magnitude);
    }

    @Test
    void aMissingTensorAndAWrongShapeAreNamedWithTheirFile() {
        Safetensors.write(folder.resolve("x.safetensors"), PARAMETERS, i -> FloatBuffer.allocate(i == 0 ? 6 : 4));
        Safetensors opened = Safetensors.open(folder, "x");
        assertComplaint(() -> opened.read("c", List.of(1)), "x.safetensors has no tensor c");
        assertComplaint(() -> opened.read("b", List.of(2, 2)), "x.safetensors: tensor b has shape [4]", "[2, 2]");
    }

    @Test
    void everyTruncationIsNoticedWhenTheFileIsOpened() throws Exception {
        Path whole = folder.resolve("x.safetensors");
        Safetensors.write(whole, PARAMETERS, i -> FloatBuffer.allocate(i == 0 ? 6 : 4));
        byte[] bytes = Files.readAllBytes(whole);
        for (int length = 0; length < bytes.length; length++) {
            Files.write(whole, Arrays.copyOf(bytes, length));
            assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[8,32]",
                "[0,17]",
                "[-8,8]",
                "[8,0]",
                "[0,9223372036854775807]",
                "[0,18446744073709551616]",
                "[0.5,16]",
                "[\"0\",16]",
                "[0]",
                "[]",
                "null",
                "{}"
            })
    void offsetsOutsideTheFileOrOfAnotherSizeAreRefused(String offsets) throws Exception {
        file("x", "{\"t\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":" + offsets + "}}", new byte[24]);
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors is damaged", "tensor t");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[4,4611686018427387904]",
                "[2147483647,2147483647,2147483647]",
                "[-2,-2]",
                "[1e1]",
                "[\"4\"]",
                "[5]",
                "[[4]]",
                "[99999999999999999999]"
            })
    void shapesThatDoNotFillTheirBytesAreRefused(String shape) throws Exception {
        file("x", "{\"t\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[0,16]}}", new byte[16]);
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors is damaged", "tensor t");
    }

    @Test
    void overlappingTensorsAreRefused() throws Exception {
        String entry = "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":";
        file("x", "{\"one" + entry + "[0,8]},\"two" + entry + "[4,12]}}", new byte[12]);
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors is damaged", "one and two overlap");
    }

    @Test
    void aHeaderOfTenGigabytesOrOfNegativeLengthIsRefusedBeforeItIsRead() throws Exception {
        for (long length : new long[] {10_000_000_000L, Long.MAX_VALUE, -1, Long.MIN_VALUE, 0, 101 << 20}) {
            Files.write(
                    folder.resolve("x.safetensors"),
                    ByteBuffer.allocate(64)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(0, length)
                            .array());
            assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors is damaged", "" + length);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"this is no JSON", "[1,2]", "33", "null", "{\"a\":", "        "})
    void aHeaderThatIsNoJsonObjectIsRefused(String header) throws Exception {
        file("x", header, new byte[0]);
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors is damaged: its header is not JSON");
    }

    @Test
    void aTypeThatIsNotAFloatIsRefusedOnlyWhenItIsAskedFor() throws Exception {
        file("x", "{\"t\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]}}", new byte[16]);
        Safetensors opened = Safetensors.open(folder, "x");
        assertComplaint(() -> opened.read("t", List.of(2)), "x.safetensors", "tensor t", "I64");
    }

    @Test
    void shardsAreReadThroughTheirIndex() throws Exception {
        Safetensors.write(
                folder.resolve("x-1.safetensors"),
                PARAMETERS.subList(0, 1),
                i -> FloatBuffer.wrap(new float[] {1, 2, 3, 4, 5, 6}));
        Safetensors.write(
                folder.resolve("x-2.safetensors"),
                PARAMETERS.subList(1, 2),
                i -> FloatBuffer.wrap(new float[] {7, 8, 9, 10}));
        index("{\"weight_map\":{\"a.weight\":\"x-1.safetensors\",\"b\":\"x-2.safetensors\"}}");
        Safetensors opened = Safetensors.open(folder, "x");
        assertThat(floats(opened.read("a.weight", List.of(2, 3)))).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(floats(opened.read("b", List.of(4)))).containsExactly(7, 8, 9, 10);
        assertComplaint(() -> opened.read("c", List.of(4)), "x.safetensors.index.json has no tensor c");
        Files.delete(folder.resolve("x-2.safetensors"));
        assertComplaint(() -> Safetensors.open(folder, "x"), "x-2.safetensors is missing");
    }

    @Test
    void shardsOutsideTheFolderAreRefused() throws Exception {
        for (String shard : List.of("../x.safetensors", "/etc/passwd", "..", "", "a\\u0000b.safetensors", "a\\\\b")) {
            index("{\"weight_map\":{\"a\":\"" + shard + "\"}}");
            assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors.index.json names a shard");
        }
        index("no JSON");
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors.index.json is damaged");
        index("{}");
        assertComplaint(
                () -> Safetensors.open(folder, "x").read("a", List.of(1)), "x.safetensors.index.json has no tensor a");
    }

    @Test
    void aFolderWithoutWeightsIsNamed() {
        assertComplaint(() -> Safetensors.open(folder, "x"), folder.toString(), "x.safetensors.index.json");
    }

    @Test
    void randomDamageGivesTheTensorsOrAPolicyException() throws Exception {
        long seed = 61;
        Random random = new Random(seed);
        Path file = folder.resolve("x.safetensors");
        Safetensors.write(file, PARAMETERS, i -> FloatBuffer.allocate(i == 0 ? 6 : 4));
        byte[] original = Files.readAllBytes(file);
        int header = original.length - 40;
        byte[] likely = "0123456789-.eE[]{}\",:tfn \\u\u0000".getBytes(StandardCharsets.UTF_8);
        for (int round = 0; round < 4_000; round++) {
            byte[] damaged = original.clone();
            int hits = 1 + random.nextInt(6);
            for (int i = 0; i < hits; i++) {
                int at = random.nextInt(10) == 0 ? random.nextInt(8) : 8 + random.nextInt(header - 8);
                damaged[at] = random.nextBoolean() ? likely[random.nextInt(likely.length)] : (byte) random.nextInt(256);
            }
            Files.write(file, damaged);
            Throwable thrown = catchThrowable(() -> {
                Safetensors opened = Safetensors.open(folder, "x");
                for (ModelConfig.Parameter parameter : PARAMETERS) {
                    opened.read(parameter.name(), parameter.shape());
                }
            });
            if (thrown != null) {
                assertThat(thrown)
                        .as("seed %d round %d: %s", seed, round, new String(damaged, StandardCharsets.ISO_8859_1))
                        .isInstanceOf(PolicyException.class);
            }
        }
    }

    @Test
    void deeplyNestedHeadersAreRefused() throws Exception {
        file("x", "[".repeat(100_000), new byte[0]);
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors is damaged");
    }

    @Test
    void aTensorListedTwiceIsRefused() throws Exception {
        String entry = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
        file("x", "{\"a.weight\":" + entry + ",\"a.weight\":" + entry + "}", new byte[4]);
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors is damaged: duplicate", "a.weight");
        Files.delete(folder.resolve("x.safetensors"));
        index("{\"weight_map\":{\"a.weight\":\"x-1.safetensors\",\"a.weight\":\"x-2.safetensors\"}}");
        assertComplaint(() -> Safetensors.open(folder, "x"), "x.safetensors.index.json is damaged", "a.weight");
    }

    @Test
    void aShardWithoutATensorThatTheIndexListsIsNamed() throws Exception {
        Safetensors.write(
                folder.resolve("x-1.safetensors"), PARAMETERS.subList(0, 1), (index, slice) -> FloatBuffer.allocate(6));
        index("{\"weight_map\":{\"a.weight\":\"x-1.safetensors\",\"b\":\"x-1.safetensors\"}}");
        assertComplaint(
                () -> Safetensors.open(folder, "x"),
                "x.safetensors.index.json lists tensor b in x-1.safetensors, which does not have it");
    }

    @Test
    void aTensorOfMoreThanTwoGigabytesIsRead() throws Exception {
        List<Integer> shape = List.of(140_000, 4_096);
        long size = 4 * Slice.size(shape);
        assertThat(size).isGreaterThan(Integer.MAX_VALUE);
        String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[140000,4096],\"data_offsets\":[0," + size + "]}}";
        file("x", header, new byte[0]);
        float[] last = new float[1];
        try (RandomAccessFile sparse =
                new RandomAccessFile(folder.resolve("x.safetensors").toFile(), "rw")) {
            long end = sparse.length() + size;
            sparse.setLength(end);
            sparse.seek(end - 4);
            sparse.writeInt(Integer.reverseBytes(Float.floatToIntBits(7)));
        }
        Safetensors opened = Safetensors.open(folder, "x");
        opened.read("w", shape, (slice, values) -> last[0] = values.get(values.limit() - 1));
        assertThat(last[0]).isEqualTo(7);
        assertComplaint(() -> opened.read("w", shape), "x.safetensors: tensor w is larger than 2 GiB");
    }

    private void file(String name, String header, byte[] data) throws Exception {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text).put(data);
        Files.write(folder.resolve(name + ".safetensors"), bytes.array());
    }

    private void index(String json) throws Exception {
        Files.writeString(folder.resolve("x.safetensors.index.json"), json);
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
