package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.buffer.BatchTaker;
import io.foretell.buffer.ExperienceBuffer;
import io.foretell.buffer.Groups;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.streams.Codecs;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionHistoryTest {
    @TempDir
    Path folder;

    private final VersionHistory history = new VersionHistory(3, Map.of(4L, "w4", 5L, "w5"));

    @Test
    void aGroupOfWeightsThatStillAreInTheHistoryBelongsToIt() {
        assertThat(history.refusal(sampledBy(5, "w5"))).isEmpty();
        assertThat(history.refusal(sampledBy(4, "w4"))).isEmpty();
    }

    @Test
    void aNewerVersionThatACrashTookBackIsRefusedUntilTheSameWeightsComeAgain() {
        assertThat(history.refusal(sampledBy(6, "w6")))
                .isEqualTo("lost version: a crash took back the weights of version 6 that sampled it");
        history.add(6, "w6");
        assertThat(history.refusal(sampledBy(6, "w6"))).isEmpty();
    }

    @Test
    void theSameNumberWithOtherWeightsIsRefused() {
        history.add(6, "other");
        assertThat(history.refusal(sampledBy(6, "w6"))).startsWith("lost version");
    }

    @Test
    void goingBackForgetsTheVersionsAfterIt() {
        history.add(6, "w6");
        history.add(5, "w5");
        assertThat(history.fingerprints()).containsOnly(Map.entry(4L, "w4"), Map.entry(5L, "w5"));
        assertThat(history.refusal(sampledBy(6, "w6"))).startsWith("lost version");
    }

    @Test
    void whatIsOlderThanItsMemoryIsLeftToTheLimitOnStaleness() {
        Stream.of(6L, 7L).forEach(version -> history.add(version, "w" + version));
        assertThat(history.fingerprints().keySet()).containsExactly(5L, 6L, 7L);
        assertThat(history.refusal(sampledBy(4, "whatever"))).isEmpty();
    }

    @Test
    void aGroupInWhichNothingWasSampledAlwaysBelongs() {
        assertThat(history.refusal(Groups.plain("plain", 0))).isEmpty();
    }

    @Test
    void weightsInSeveralFilesHaveOneFingerprint() {
        Map<String, String> files = Map.of("model-1.safetensors", "a", "model-2.safetensors", "b", "config.json", "c");
        assertThat(PublishedWeights.fingerprint(files)).hasSize(64);
        assertThat(PublishedWeights.fingerprint(files))
                .isNotEqualTo(
                        PublishedWeights.fingerprint(Map.of("model-1.safetensors", "b", "model-2.safetensors", "a")));
        assertThat(PublishedWeights.fingerprint(Map.of("model.safetensors", "a", "ema.safetensors", "b")))
                .isEqualTo("a");
    }

    @Test
    void theBufferDropsGroupsOfALostVersionAndTakesTheOthers() {
        try (ExperienceBuffer buffer = ExperienceBuffer.open(folder, Codecs.scoredGroup(), (record, reason) -> {})) {
            List<ScoredGroup> groups = List.of(sampledBy(6, "w6"), sampledBy(5, "w5"));
            for (int i = 0; i < groups.size(); i++) {
                buffer.ingest(List.of(Groups.at(0, i, groups.get(i))));
            }
            assertThat(buffer.take(new BatchTaker.Wanted(0, 2, 6, 5, 1, history::refusal)))
                    .isEmpty();
            assertThat(buffer.status().droppedByReason()).containsOnly(Map.entry("lost version", 1L));
            assertThat(Groups.ids(buffer.take(new BatchTaker.Wanted(0, 1, 6, 5, 1, history::refusal))))
                    .containsExactly("by-5");
        }
    }

    private static ScoredGroup sampledBy(long version, String fingerprint) {
        ScoredGroup scored = Groups.sampled("by-" + version, 0, version - 1); // its newest span is one newer
        RolloutGroup group = scored.group();
        return new ScoredGroup(
                new RolloutGroup(
                        group.task(),
                        group.context(),
                        group.forbiddenFirst(),
                        group.rollouts(),
                        group.tokenizerFingerprint(),
                        fingerprint,
                        group.generationSeconds(),
                        group.createdAt()),
                scored.rewards(),
                scored.scorerVersion(),
                scored.scoringSeconds(),
                scored.scoredAt());
    }
}
