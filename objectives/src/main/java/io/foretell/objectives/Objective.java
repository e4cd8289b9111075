package io.foretell.objectives;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/**
 * One published way of learning from ordinary text: how a document becomes tasks, how rollouts are sampled, how a group
 * is rewarded, and what the learner is given. A new method is one class that implements this.
 *
 * <p>Implementations are immutable: all that varies comes in through the arguments.
 */
public interface Objective {
    /** The name used in configuration files. */
    String name();

    /**
     * Cuts a document into tasks.
     *
     * @param document where the tokens come from; its domain may decide what it is used for
     * @param tokens the whole document
     * @param random seeded by run, document and visit, so that the same visit is always cut the same way
     * @return none where the document is too short to learn from
     */
    List<Cut> cut(Document document, TokenArray tokens, RandomGenerator random);

    /** Whether any of its tasks is sampled, so that rollout workers need the newest weights. */
    default boolean isSampled() {
        return true;
    }

    /** How rollouts of {@code task} are sampled; empty where this objective samples nothing. */
    Optional<SamplingPlan> sampling(Task task);

    /**
     * The group with candidates that nobody sampled, such as what the document really says. They are rewarded and kept
     * like rollouts. A scorer answers log-probabilities only where they are asked for at once.
     */
    default CompletionStage<RolloutGroup> pool(RolloutGroup group, Scorer scorer) {
        return CompletableFuture.completedFuture(group);
    }

    /** One reward per rollout of the pool, in order. */
    CompletionStage<List<Reward>> reward(RolloutGroup group, Scorer scorer);

    /**
     * Whether a response states its own answer, so that its reward, 0 or 1, says whether that was right. Otherwise
     * held-out evaluation asks the model for the target after the response.
     */
    default boolean hasAnswerInResponse() {
        return false;
    }

    /** Whether its responses are thoughts about the target, whose worth held-out evaluation can measure. */
    default boolean isThinking() {
        return true;
    }

    /**
     * Whether groups whose rewards are all equal, which teach nothing, are replaced by others before they reach a batch
     * (dynamic sampling, DAPO, arXiv 2503.14476).
     *
     * @param step of the phase, from 1
     */
    default boolean replacesEqualRewards(long step) {
        return false;
    }

    /** What the learner trains on. */
    List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator);
}
