package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.LearnerProgress;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveDescription;
import io.foretell.objectives.Scorer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
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

    /** Samples after the prompt and a token 9, and forbids token 8 at first. */
    private record Opening() implements Objective {
        @Override
        public String name() {
            return "opening";
        }

        @Override
        public ObjectiveDescription description() {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
            return List.of();
        }

        @Override
        public Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
            return Optional.of(new SamplingPlan(prompt.append(9), 2, 1f, 1, 4, 8, true));
        }

        @Override
        public CompletionStage<List<Reward>> reward(
                Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
            return List.of();
        }
    }

    private static ScoredGroup golden() {
        return Samples.scored("golden").withChildren(List.of("golden/0-ab", "golden/1-cd"));
    }

    @Test
    void groupsOfTheVersionBeforeGetTheContextThatTheirObjectivePlans() throws IOException {
        Codec<ScoredGroup> codec = Codecs.scoredGroup(List.of(Samples.ntp(), new Opening()));

        assertThat(codec.decode(golden("scored-group.v2.cbor.hex"))).isEqualTo(golden());
        ScoredGroup text =
                Codecs.scoredGroup(List.of(new Opening(), Samples.ntp())).decode(golden("scored-group.v2.cbor.hex"));
        assertThat(text.group().context()).isEqualTo(TokenArray.EMPTY);
        assertThat(text.group().forbiddenFirst()).isEqualTo(-1);
    }

    @Test
    void groupsOfTheVersionBeforeAndOfAnUnknownPhaseAreUnreadable() {
        Codec<ScoredGroup> codec = Codecs.scoredGroup(List.of(Samples.ntp()));

        assertThatThrownBy(() -> codec.decode(golden("scored-group.v2.cbor.hex")))
                .isInstanceOf(UnreadableRecordException.class)
                .hasMessageContaining("group golden of schema version 2 belongs to phase 1 but the run has only 1");
    }

    @Test
    void readersThatDoNotTrainNeedNoObjectiveForGroupsOfTheVersionBefore() throws IOException {
        ScoredGroup group = Codecs.scoredGroup().decode(golden("scored-group.v2.cbor.hex"));

        assertThat(group.children()).isEqualTo(golden().children());
        assertThat(group.rewards()).isEqualTo(golden().rewards());
        assertThat(group.group().context()).isEqualTo(TokenArray.EMPTY);
    }

    @Test
    void groupsTwoVersionsBackAreRefusedByNumber() {
        assertThatThrownBy(() -> Codecs.scoredGroup().decode(golden("scored-group.v1.cbor.hex")))
                .isInstanceOf(UnreadableRecordException.class)
                .hasMessageContaining("schema version 1 but this program reads version 3 and the one before");
    }

    @Test
    void goldenFileOfThisVersionIsReadAndWrittenTheSame() throws IOException {
        assertThat(HexFormat.of().formatHex(Codecs.scoredGroup().encode(golden())))
                .isEqualTo(HexFormat.of().formatHex(golden("scored-group.v3.cbor.hex")));
        assertThat(Codecs.scoredGroup().decode(golden("scored-group.v3.cbor.hex")))
                .isEqualTo(golden());
    }

    @Test
    void whatIsMissingInThisVersionIsNotMadeUp() throws IOException {
        byte[] now = golden("scored-group.v2.cbor.hex");
        assertThat(now[3]).isEqualTo((byte) 2);
        now[3] = 3; // {"v": 3

        assertThatThrownBy(() -> Codecs.scoredGroup().decode(now)).hasMessageContaining("context");
        byte[] empty = HexFormat.of().parseHex("a2617603667265636f7264a0");
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
