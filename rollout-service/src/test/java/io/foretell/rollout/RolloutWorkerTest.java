package io.foretell.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.SamplingParameters;
import java.util.List;
import org.junit.jupiter.api.Test;

class RolloutWorkerTest {
    private static final int CLOSE = 9;
    private static final SamplingPlan PLAN = new SamplingPlan(TokenArray.of(1, 2, 8), 4, 0.7f, 1, 3, CLOSE, true);

    @Test
    void aRequestFollowsThePlanAndItsSeedsTheTask() {
        GenerationRequest request = RolloutWorker.request(7, PLAN);

        assertThat(request)
                .isEqualTo(new GenerationRequest(
                        TokenArray.of(1, 2, 8), request.seeds(), SamplingParameters.plain(0.7f, 1, 3, CLOSE)));
        assertThat(request.seeds()).hasSize(4).doesNotHaveDuplicates();
        assertThat(RolloutWorker.request(7, PLAN)).isEqualTo(request);
        assertThat(RolloutWorker.request(8, PLAN).seeds()).doesNotContainAnyElementsOf(request.seeds());
    }

    @Test
    void aThoughtThatStoppedIsKeptAsItWasSampled() {
        Completion sample = sample(FinishReason.STOP, 33, TokenArray.of(5, CLOSE), FloatArray.of(-1, -2));

        assertThat(RolloutWorker.rollout(2, 3, sample, PLAN))
                .isEqualTo(new Rollout(
                        2,
                        3,
                        TokenArray.of(5, CLOSE),
                        FloatArray.of(-1, -2),
                        0,
                        0.7f,
                        33,
                        FinishReason.STOP,
                        List.of(new VersionRange(11, 0, 2))));
    }

    @Test
    void aThoughtThatIsTooLongIsClosedByAForcedTagOfNoLogProbability() {
        Completion sample = sample(FinishReason.LENGTH, 33, TokenArray.of(5, 6, 7), FloatArray.of(-1, -2, -3));

        Rollout rollout = RolloutWorker.rollout(0, 1, sample, PLAN);

        assertThat(rollout.response()).isEqualTo(TokenArray.of(5, 6, 7, CLOSE));
        assertThat(rollout.logProbs()).isEqualTo(FloatArray.of(-1, -2, -3, 0));
        assertThat(rollout.forced()).isEqualTo(1);
        assertThat(rollout.sampledLength()).isEqualTo(3);
        assertThat(rollout.finishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void nothingIsForcedWhereThePlanDoesNotSaySo() {
        SamplingPlan free = new SamplingPlan(TokenArray.of(1), 1, 1f, 0, 2, CLOSE, false);
        Completion sample = sample(FinishReason.LENGTH, 1, TokenArray.of(5, 6), FloatArray.of(-1, -2));

        assertThat(RolloutWorker.rollout(0, 1, sample, free).forced()).isZero();
    }

    private static Completion sample(FinishReason reason, long seed, TokenArray tokens, FloatArray logProbs) {
        return new Completion(
                tokens, logProbs, logProbs, reason, seed, List.of(new VersionRange(11, 0, tokens.length())));
    }
}
