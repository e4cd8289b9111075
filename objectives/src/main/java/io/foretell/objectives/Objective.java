package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/**
 * One published way of learning from ordinary text: how a document becomes tasks, how rollouts are sampled, how a group
 * is rewarded, and what the learner is given. A new method is one class that implements this, with an {@link
 * ObjectiveProvider} to find it by.
 *
 * <p>Implementations are immutable: all that varies comes in through the arguments.
 */
public interface Objective {
    /** The method's name, and what people read about it. */
    ObjectiveDescription description();

    /** The name used in configuration files. */
    default String name() {
        return description().name();
    }

    /** What one reward measures, with its unit or range, such as {@code "nats of information gain"}; empty without rewards. */
    default String rewardUnit() {
        return "";
    }

    /**
     * Cuts a document into tasks.
     *
     * @param document where the tokens come from; its domain may decide what it is used for
     * @param tokens the whole document
     * @param random seeded by run, document and visit, so that the same visit is always cut the same way
     * @return none where the document is too short to learn from
     */
    List<Example> examples(Document document, TokenArray tokens, RandomGenerator random);

    /** What a held-out document is asked: like {@link #examples}, where nothing else is said. Only the first cut is used. */
    default List<Example> heldOutExamples(Document document, TokenArray tokens, RandomGenerator random) {
        return examples(document, tokens, random);
    }

    /** What a task of this objective is called where it has tasks of several kinds, as in metrics; else empty. */
    default String role(Task task) {
        return "";
    }

    /** Whether any of its tasks is sampled, so that rollout workers need the newest weights. */
    default boolean isSampled() {
        return true;
    }

    /**
     * Most rollouts that a task cut from a document leads to, those of the tasks it spawns included.
     *
     * @param groupSize {@code rollout.n}
     */
    default int maxRollouts(int groupSize) {
        return groupSize;
    }

    /**
     * How rollouts are sampled.
     *
     * @param prompt of the task; empty where it has none
     * @param target of the task; empty where nobody knows what follows, as for a prompt sent by a user
     * @return empty where this objective samples nothing
     */
    Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target);

    /**
     * The group with candidates that nobody sampled, such as what the document really says. They are rewarded and kept
     * like rollouts. A scorer answers log-probabilities only where they are asked for at once.
     */
    default CompletionStage<RolloutGroup> withCandidates(RolloutGroup group, Scorer scorer) {
        return CompletableFuture.completedFuture(group);
    }

    /**
     * One reward per response, in order.
     *
     * @param example prompt and target of the task
     * @param context tokens the responses were sampled from, as {@link #sampling} planned them
     * @param responses rollouts, then the candidates that were added to them
     */
    CompletionStage<List<Reward>> reward(Example example, TokenArray context, List<Rollout> responses, Scorer scorer);

    /** Roles of the judge that rewards may be asked of; none where it needs no judge. */
    default List<String> judgeRoles() {
        return List.of();
    }

    /**
     * The tasks that a group gives rise to once it is rewarded, for methods in two stages. They are answered and rewarded
     * like all others, and are trained on in the same step as the group: together they count as one.
     *
     * @param group of a task that was cut from a document; what is spawned does not spawn again
     * @return none where the group stands for itself
     */
    default List<Example> subtasks(ScoredGroup group) {
        return List.of();
    }

    /**
     * The group with what it earns once the groups it spawned are there.
     *
     * @param children in the order of {@link #subtasks}; empty for one that was lost on the way
     */
    default ScoredGroup finalRewards(ScoredGroup group, List<Optional<ScoredGroup>> children) {
        return group;
    }

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
     * What the model is asked without a thought, for comparison, where responses state their answer: the next token of the
     * prompt, where nothing else is said.
     */
    default Example withoutThought(Example example) {
        return new Example(example.prompt(), example.target().slice(0, 1));
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
