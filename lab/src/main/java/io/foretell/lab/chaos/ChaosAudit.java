package io.foretell.lab.chaos;

import io.foretell.domain.Rollout;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.learner.BatchOrder;
import io.foretell.learner.Replay;
import io.foretell.learner.TrainingPlan;
import io.foretell.platform.AtomicFiles;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Audits a finished run: the topics, the buffer's marks, the step log, and the weights compared with an uninterrupted
 * replay of the same batches. Confined to one thread.
 */
final class ChaosAudit {
    private static final String USED = "USED ";
    private static final long UNREAD_SECONDS = 10;

    private final TrainingPlan run;
    private final int maxOffPolicySteps;
    private final int groupsPerStep;
    private final ChaosTopics topics;
    private final Map<String, String> states;
    private final List<String> violations = new ArrayList<>();
    private final SortedMap<Long, List<ScoredGroup>> batches = new TreeMap<>();

    /**
     * @param maxOffPolicySteps limit of the run; 0 if it is strictly on-policy
     * @param states state of every group in the buffer, by id
     */
    ChaosAudit(
            TrainingPlan run,
            int maxOffPolicySteps,
            int groupsPerStep,
            ChaosTopics topics,
            Map<String, String> states) {
        this.run = run;
        this.maxOffPolicySteps = maxOffPolicySteps;
        this.groupsPerStep = groupsPerStep;
        this.topics = topics;
        this.states = states;
        topics.scored().forEach((id, group) -> {
            String state = states.getOrDefault(id, "");
            if (state.startsWith(USED)) {
                batches.computeIfAbsent(Long.parseLong(state.substring(USED.length())), step -> new ArrayList<>())
                        .add(group);
            }
        });
    }

    /** One sentence per violation; empty if there is none. */
    List<String> violations() {
        return List.copyOf(violations);
    }

    /** The groups of each step. */
    SortedMap<Long, List<ScoredGroup>> batches() {
        return batches;
    }

    /** Number of issued groups that are neither trained on, nor waiting, nor dropped for a recorded reason. */
    long lost() {
        List<String> lost = topics.tasks().stream()
                .map(Task::id)
                .distinct()
                .filter(id -> !states.containsKey(id) && !topics.dead().contains(id))
                .toList();
        report(!lost.isEmpty(), lost.size() + " groups were issued and lost, such as " + first(lost));
        return lost.size();
    }

    /**
     * Number of groups that the log assigns to a step but that the buffer no longer counts for it, because a later
     * step also trained on them.
     */
    long trainedTwice(List<StepLog.Step> log, long steps) {
        long twice = 0;
        for (StepLog.Step step : log) {
            List<ScoredGroup> marked = BatchOrder.ordered(batches.getOrDefault(step.number(), List.of()));
            twice += Math.max(0, step.groups() - marked.size());
            report(
                    !BatchOrder.digest(marked).equals(step.digest()),
                    "step " + step.number() + " was trained on other groups than the buffer has marked with it");
            report(
                    step.groups() != groupsPerStep,
                    "step " + step.number() + " had " + step.groups() + " groups instead of " + groupsPerStep);
        }
        List<Long> numbers = log.stream().map(StepLog.Step::number).toList();
        for (int i = 0; i < numbers.size(); i++) {
            if (numbers.get(i) != i + 1) {
                violations.add("the step log goes on with step " + numbers.get(i) + " after step " + i);
                break;
            }
        }
        report(numbers.size() != steps, "the step log has " + numbers.size() + " steps instead of " + steps);
        report(batches.size() != steps, "the buffer has marks of " + batches.size() + " steps instead of " + steps);
        report(twice > 0, twice + " groups were trained on twice");
        return twice;
    }

    /** Number of tasks that the feeder wrote more than once. */
    long issuedTwice() {
        long twice = topics.tasks().size()
                - topics.tasks().stream().map(Task::id).distinct().count();
        report(twice > 0, twice + " tasks were issued twice");
        return twice;
    }

    /**
     * Number of tasks issued although the gate was closed. The gate is open while issued &lt;= used + dropped +
     * window, by the latest announcement before the task or any in the ten seconds before, since the feeder may not
     * have read the latest yet.
     */
    long beyondGate() {
        long window = (maxOffPolicySteps + 1L) * groupsPerStep;
        List<Instant> issued =
                topics.tasks().stream().map(Task::issuedAt).sorted().toList();
        long beyond = 0;
        for (int i = 0; i < issued.size(); i++) {
            Instant at = issued.get(i);
            long settled = 0;
            for (int k = topics.announced().size() - 1; k >= 0; k--) {
                ChaosTopics.Announced announced = topics.announced().get(k);
                if (!announced.at().isAfter(at)) {
                    settled = Math.max(settled, announced.settled());
                    if (announced.at().isBefore(at.minusSeconds(UNREAD_SECONDS))) {
                        break;
                    }
                }
            }
            beyond += i + 1 > settled + topics.dead().size() + window ? 1 : 0;
        }
        report(beyond > 0, beyond + " tasks were issued although the gate of staleness was closed");
        return beyond;
    }

    /** Number of groups whose tokens came from weights older than allowed, or from future versions. */
    long beyondStaleness() {
        long beyond = 0;
        for (Map.Entry<Long, List<ScoredGroup>> batch : batches.entrySet()) {
            long policy = batch.getKey() - 1;
            for (ScoredGroup group : batch.getValue()) {
                for (Rollout rollout : group.group().rollouts()) {
                    boolean fine =
                            rollout.oldestVersion() >= policy - maxOffPolicySteps && rollout.newestVersion() <= policy;
                    beyond += fine ? 0 : 1;
                }
            }
        }
        report(
                beyond > 0,
                beyond + " rollouts were trained on that are more than " + maxOffPolicySteps
                        + " steps older than the policy, or newer than it");
        return beyond;
    }

    /** Number of groups sampled by weights that differ from the same version in the replay. */
    long ofOtherHistory(Map<Long, String> fingerprints) {
        List<String> strange = new ArrayList<>();
        batches.values().stream().flatMap(List::stream).forEach(group -> {
            long version = group.group().rollouts().stream()
                    .mapToLong(Rollout::newestVersion)
                    .max()
                    .orElse(-1);
            if (version >= 0 && !group.group().policyFingerprint().equals(fingerprints.get(version))) {
                strange.add(group.id());
            }
        });
        report(
                !strange.isEmpty(),
                strange.size() + " groups were sampled by weights that a crash took back, such as " + first(strange));
        return strange.size();
    }

    /**
     * Trains on the same batches again without interruption.
     *
     * @param weights output folder for the replay's weights
     * @param expected the checkpoint of the last step
     * @return fingerprint of the weights after each step
     */
    Map<Long, String> replay(long steps, Path weights, Path expected) {
        Map<Long, String> fingerprints = new HashMap<>();
        if (batches.size() < steps) {
            violations.add("without the batches of every step there is no replay");
            return fingerprints;
        }
        Replay.run(run, batches::get, steps, weights, fingerprints::put);
        for (String name : List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors")) {
            report(
                    !AtomicFiles.sha256(weights.resolve(name)).equals(AtomicFiles.sha256(expected.resolve(name))),
                    name + " of step " + steps + " is not, bit for bit, that of the same batches without interruption");
        }
        return fingerprints;
    }

    void report(boolean wrong, String sentence) {
        if (wrong) {
            violations.add(sentence);
        }
    }

    private static String first(List<String> ids) {
        return ids.isEmpty() ? "" : ids.get(0);
    }
}
