package io.foretell.learner;

import io.foretell.platform.Check;
import org.jspecify.annotations.Nullable;

/**
 * What one step trains on; keys of section {@code learner}. Immutable.
 *
 * @param promptsPerStep groups per step
 * @param ppoMiniBatchSize groups per optimizer step, a divisor of {@code promptsPerStep}; null for all of them
 * @param ppoEpochs passes over the same batch
 * @param maxTokensPerMicroBatch padded tokens of one forward and backward pass
 * @param gradientCheckpointing whether the backward pass recomputes each layer instead of keeping its activations
 */
public record BatchSettings(
        int promptsPerStep,
        @Nullable Integer ppoMiniBatchSize,
        int ppoEpochs,
        int maxTokensPerMicroBatch,
        boolean gradientCheckpointing) {
    public BatchSettings {
        Check.that("learner.prompts_per_step", promptsPerStep, promptsPerStep >= 1, "at least 1");
        Check.that(
                "learner.ppo_mini_batch_size",
                ppoMiniBatchSize,
                ppoMiniBatchSize == null || ppoMiniBatchSize >= 1 && promptsPerStep % ppoMiniBatchSize == 0,
                "a divisor of learner.prompts_per_step = " + promptsPerStep + " groups, or null for all of them");
        Check.that("learner.ppo_epochs", ppoEpochs, ppoEpochs >= 1, "at least 1");
        Check.that(
                "learner.max_tokens_per_micro_batch",
                maxTokensPerMicroBatch,
                maxTokensPerMicroBatch >= 1,
                "at least 1");
    }

    /** Groups per optimizer step. */
    int miniBatch() {
        return ppoMiniBatchSize == null ? promptsPerStep : ppoMiniBatchSize;
    }
}
