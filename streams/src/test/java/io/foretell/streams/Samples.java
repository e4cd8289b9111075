package io.foretell.streams;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.LearnerProgress;
import io.foretell.domain.Origin;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.domain.VersionRange;
import io.foretell.objectives.*;
import io.foretell.objectives.NextTokenPrediction;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveSettings;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Records for tests. */
final class Samples {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678901Z");

    private Samples() {}

    static Task task(String id, int phase) {
        return new Task(
                id, "run", phase, "ntp", "document", TokenArray.of(1, -2, 300000), TokenArray.of(7, 8), 42L, -1, NOW);
    }

    static RolloutGroup group(String id) {
        Rollout rollout = new Rollout(
                0,
                1,
                TokenArray.of(5, 6, 7),
                FloatArray.of(-0.5f, -1.25f, 0f),
                1,
                0.7f,
                99L,
                FinishReason.LENGTH,
                List.of(new VersionRange(3, 0, 2)));
        TokenArray context = TokenArray.of(1, -2, 300000, 9);
        return new RolloutGroup(task(id, 1), context, 8, List.of(rollout, rollout), "tok", "pol", 0.25, NOW);
    }

    /** A group with a candidate that was not sampled. */
    static RolloutGroup pool(String id) {
        return group(id).with(List.of(Rollout.candidate(2, TokenArray.of(8, 9), Origin.REWRITE)));
    }

    static ScoredGroup scored(String id) {
        return new ScoredGroup(
                group(id),
                List.of(Reward.of(0.5, Map.of("information_gain", 0.5)), Reward.failed("no judge")),
                3,
                0.125,
                NOW);
    }

    static PolicyAnnouncement policy(Topics topics, long version, List<Long> used, List<Long> dropped) {
        return new PolicyAnnouncement(
                new PublishedWeights(topics.run(), version, "policies/" + version, Map.of("model.safetensors", "ab")),
                new LearnerProgress(version, 0, used, dropped));
    }

    /** One token per character. */
    static final class Characters implements Tokenizer {
        @Override
        public TokenArray encode(String text) {
            return TokenArray.of(text.chars().toArray());
        }

        @Override
        public String decode(TokenArray tokens) {
            StringBuilder text = new StringBuilder();
            for (int id : tokens.toArray()) {
                text.append((char) id);
            }
            return text.toString();
        }

        @Override
        public OptionalInt idOf(String token) {
            return OptionalInt.empty();
        }

        @Override
        public OptionalInt beginOfText() {
            return OptionalInt.empty();
        }

        @Override
        public OptionalInt endOfText() {
            return OptionalInt.empty();
        }

        @Override
        public int vocabularySize() {
            return 65536;
        }

        @Override
        public String fingerprint() {
            return "characters";
        }
    }

    /** Next-token prediction in chunks of four predicted tokens. */
    static Objective ntp() {
        return new NextTokenPrediction(new ObjectiveSettings(new Characters(), 1, 1f, 4, 8, Map.of()));
    }
}
