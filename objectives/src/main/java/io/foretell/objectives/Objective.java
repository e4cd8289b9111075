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
 * A published method of learning from ordinary text: how it cuts documents into tasks, samples rollouts, rewards
 * groups, and turns them into training data. A new method is one class that implements this, plus an {@link
 * ObjectiveProvider}.
 *
 * <p>Implementations are immutable; all state comes in through the arguments.
 */
public interface Objective {
    /** The method's name and user documentation. */
    ObjectiveDescription description();

    /** The name used in configuration files. */
    default String name() {
        return description().name();
    }

    /**
     * What one reward measures, with its unit or range, such as {@code "nats of information gain"}; empty for methods
     * without rewards.
     */
    default String rewardUnit() {
        return "";
    }

    /**
     * Cuts a document into tasks.
     *
     * @param document the document the tokens come from; its domain may decide how it is used
     * @param tokens the whole document
     * @param random seeded by run, document and visit: the same visit is always cut the same way
     * @return empty if the document is too short to learn from
     */
    List<Example> examples(Document document, TokenArray tokens, RandomGenerator random);

    /** The question asked about a held-out document; by default as {@link #examples}. Only the first one is used. */
    default List<Example> heldOutExamples(Document document, TokenArray tokens, RandomGenerator random) {
        return examples(document, tokens, random);
    }

    /** The task's kind, for metrics of objectives with several kinds of tasks; otherwise empty. */
    default String role(Task task) {
        return "";
    }

    /** Whether any of its tasks is sampled, in which case rollout workers need the newest weights. */
    default boolean isSampled() {
        return true;
    }

    /**
     * Maximum rollouts for one task cut from a document, subtasks included.
     *
     * @param groupSize {@code rollout.n}
     */
    default int maxRollouts(int groupSize) {
        return groupSize;
    }

    /**
     * How rollouts are sampled.
     *
     * @param prompt the task's prompt; may be empty
     * @param target the task's target; empty if unknown, as for a prompt sent by a user
     * @return empty if this objective samples nothing
     */
    Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target);

    /**
     * The group with unsampled candidates added, such as the document's own text. They are rewarded and kept like
     * rollouts. A scorer answers log-probabilities only if they are requested before this returns.
     */
    default CompletionStage<RolloutGroup> withCandidates(RolloutGroup group, Scorer scorer) {
        return CompletableFuture.completedFuture(group);
    }

    /**
     * One reward per response, in order.
     *
     * @param example prompt and target of the task
     * @param context tokens the responses were sampled from, as {@link #sampling} planned them
     * @param responses rollouts, then the added candidates
     */
    CompletionStage<List<Reward>> reward(Example example, TokenArray context, List<Rollout> responses, Scorer scorer);

    /** Judge roles that rewards may ask; empty if no judge is needed. */
    default List<String> judgeRoles() {
        return List.of();
    }

    /**
     * Subtasks of a rewarded group, for methods in two stages. They are sampled and rewarded like other tasks, and
     * trained on in the same step as the group; together they count as one group.
     *
     * @param group the group of a task cut from a document; subtasks do not spawn further subtasks
     * @return empty if the group needs no subtasks
     */
    default List<Example> subtasks(ScoredGroup group) {
        return List.of();
    }

    /**
     * The group with its final rewards, once the groups of its subtasks have arrived.
     *
     * @param children in the order of {@link #subtasks}; empty for one that was lost
     */
    default ScoredGroup finalRewards(ScoredGroup group, List<Optional<ScoredGroup>> children) {
        return group;
    }

    /**
     * Whether a response states its own answer, in which case its reward, 0 or 1, says whether it is right. Otherwise
     * held-out evaluation asks the model for the target after the response.
     */
    default boolean hasAnswerInResponse() {
        return false;
    }

    /** Whether responses are thoughts about the target, whose benefit held-out evaluation can measure. */
    default boolean isThinking() {
        return true;
    }

    /**
     * The comparison question without a thought, if responses state their own answer; by default the prompt's next
     * token.
     */
    default Example withoutThought(Example example) {
        return new Example(example.prompt(), example.target().slice(0, 1));
    }

    /**
     * Whether groups with all-equal rewards, which carry no signal, are replaced before they reach a batch (dynamic
     * sampling, DAPO, arXiv 2503.14476).
     *
     * @param step of the phase, from 1
     */
    default boolean replacesEqualRewards(long step) {
        return false;
    }

    /** The training data of a rewarded group. */
    List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator);
}
