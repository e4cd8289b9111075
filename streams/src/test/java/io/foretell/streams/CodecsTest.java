package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.LearnerProgress;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.ScoredGroup;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CodecsTest {
    private static final PolicyAnnouncement POLICY = new PolicyAnnouncement(
            new PublishedWeights("run", 12, "runs/run/policies/12", Map.of("a.json", "00ff")),
            new LearnerProgress(12, 1, List.of(64L, 3L), List.of(0L, 2L)));

    @Test
    void everyRecordComesBackAsItWas() {
        assertThat(Codecs.task().decode(Codecs.task().encode(Samples.task("t", 2))))
                .isEqualTo(Samples.task("t", 2));
        assertThat(Codecs.rolloutGroup().decode(Codecs.rolloutGroup().encode(Samples.group("g"))))
                .isEqualTo(Samples.group("g"));
        assertThat(Codecs.rolloutGroup().decode(Codecs.rolloutGroup().encode(Samples.pool("p"))))
                .isEqualTo(Samples.pool("p"));
        assertThat(Codecs.scoredGroup().decode(Codecs.scoredGroup().encode(Samples.scored("s"))))
                .isEqualTo(Samples.scored("s"));
        assertThat(Codecs.announcement().decode(Codecs.announcement().encode(POLICY)))
                .isEqualTo(POLICY);
    }

    @Test
    void announcementIsPlainFlatJsonAsInEveryVersionBefore() {
        assertThat(new String(Codecs.announcement().encode(POLICY), StandardCharsets.UTF_8))
                .isEqualTo("{\"v\":1,\"record\":{\"run\":\"run\",\"version\":12,\"location\":\"runs/run/policies/12\","
                        + "\"files\":{\"a.json\":\"00ff\"},\"step\":12,\"phase\":1,"
                        + "\"groups_used\":[64,3],\"groups_dropped\":[0,2]}}");
    }

    @Test
    void goldenFileOfTheVersionBeforeIsRead() throws IOException {
        assertThat(Codecs.scoredGroup().decode(golden("scored-group.v1.cbor.hex")))
                .isEqualTo(Samples.scored("golden"));
    }

    @Test
    void goldenFileOfThisVersionIsReadAndWrittenTheSame() throws IOException {
        ScoredGroup group = Samples.scored("golden").withChildren(List.of("golden/0-ab", "golden/1-cd"));

        assertThat(HexFormat.of().formatHex(Codecs.scoredGroup().encode(group)))
                .isEqualTo(HexFormat.of().formatHex(golden("scored-group.v2.cbor.hex")));
        assertThat(Codecs.scoredGroup().decode(golden("scored-group.v2.cbor.hex")))
                .isEqualTo(group);
    }

    @Test
    void whatIsMissingInThisVersionOrWasInTheOneBeforeIsNotMadeUp() throws IOException {
        byte[] before = golden("scored-group.v1.cbor.hex");
        byte[] now = before.clone();
        now[3] = 2; // {"v": 2

        assertThat(before[3]).isEqualTo((byte) 1);
        assertThatThrownBy(() -> Codecs.scoredGroup().decode(now)).hasMessageContaining("origin");
        byte[] empty = HexFormat.of().parseHex("a2617601667265636f7264a0");
        assertThatThrownBy(() -> Codecs.scoredGroup().decode(empty)).isInstanceOf(UnreadableRecordException.class);
    }

    private static byte[] golden(String name) throws IOException {
        try (InputStream file = CodecsTest.class.getResourceAsStream("/golden/" + name)) {
            return HexFormat.of().parseHex(new String(file.readAllBytes(), StandardCharsets.US_ASCII).strip());
        }
    }

    @Test
    void otherSchemaVersionIsRefusedByNumber() {
        byte[] bytes = "{\"v\":9,\"record\":{}}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Codecs.announcement().decode(bytes))
                .isInstanceOf(UnreadableRecordException.class)
                .hasMessageContaining("schema version 9");
    }

    @Test
    void hostileBytesGiveUnreadableRecordAndNothingElse() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<Codec<?>, byte[]> samples = Map.of(
                Codecs.task(), Codecs.task().encode(Samples.task("t", 0)),
                Codecs.rolloutGroup(), Codecs.rolloutGroup().encode(Samples.group("g")),
                Codecs.scoredGroup(), Codecs.scoredGroup().encode(Samples.scored("s")),
                Codecs.announcement(), Codecs.announcement().encode(POLICY));
        samples.forEach((codec, good) -> {
            for (int i = 0; i < 20_000; i++) {
                byte[] bytes = mutated(good, random);
                try {
                    codec.decode(bytes);
                } catch (UnreadableRecordException e) {
                    assertThat(e.getMessage()).isNotBlank();
                } catch (Throwable e) {
                    throw new AssertionError(
                            "seed " + seed + ": " + HexFormat.of().formatHex(bytes), e);
                }
            }
        });
    }

    @Test
    void hugeDeclaredLengthTakesNoHugeMemory() {
        // v=1, record: {id: byte string / text of 2^31-1 bytes that are not there}
        for (String head : List.of("5a7fffffff", "7a7fffffff", "5b7fffffffffffffff", "9b7fffffffffffffff")) {
            byte[] bytes = HexFormat.of().parseHex("a2617601" + "667265636f7264" + "a1626964" + head + "00");
            assertThatThrownBy(() -> Codecs.task().decode(bytes)).isInstanceOf(UnreadableRecordException.class);
        }
    }

    @Test
    void deepNestingIsRefused() {
        byte[] bytes = new byte[200_000];
        Arrays.fill(bytes, (byte) 0x81);
        byte[] head = HexFormat.of().parseHex("bf617601" + "6178");
        System.arraycopy(head, 0, bytes, 0, head.length);
        assertThatThrownBy(() -> Codecs.task().decode(bytes)).isInstanceOf(UnreadableRecordException.class);
    }

    private static byte[] mutated(byte[] good, Random random) {
        byte[] bytes = random.nextInt(10) == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
        int changes = random.nextInt(4);
        for (int i = 0; i < changes && bytes.length > 0; i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        if (random.nextInt(50) == 0) {
            random.nextBytes(bytes);
        }
        return bytes;
    }
}
