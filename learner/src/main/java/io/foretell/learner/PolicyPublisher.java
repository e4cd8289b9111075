package io.foretell.learner;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.domain.LearnerProgress;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.WeightAck;
import io.foretell.policy.Policy;
import io.foretell.policy.WeightAverage;
import io.foretell.streams.PolicyFeed;
import io.foretell.weightsync.PolicyStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Versions of the weights, and what the workers and the feeder are told of them. Confined to the learner's thread. */
final class PolicyPublisher {
    private static final int UNSAMPLED_INTERVAL = 50;

    private final TrainingPlan run;
    private final ExperienceBuffer buffer;
    private final Policy policy;
    private final PolicyStore policies;
    private final PolicyFeed feed;
    private final VersionHistory versions;
    private PolicyStore.Published published = new PolicyStore.Published(-1, Path.of(""), Map.of(), 0);
    private long announcedDrops;

    PolicyPublisher(
            TrainingPlan run, ExperienceBuffer buffer, Policy policy, PolicyFeed feed, VersionHistory versions) {
        this.run = run;
        this.buffer = buffer;
        this.policy = policy;
        this.policies = new PolicyStore(run.folder().resolve("policies"), false);
        this.feed = feed;
        this.versions = versions;
    }

    /** The version published last; -1 before the first. */
    long version() {
        return published.version();
    }

    /** Of that version. */
    long bytes() {
        return published.bytes();
    }

    /** What the workers that are alive work with. */
    List<WeightAck> consumers() {
        return feed.inUse();
    }

    /** Announces the step; with new weights where somebody samples from them soon, or now and then. */
    void publish(long step) {
        boolean sampledSoon = LongStream.rangeClosed(
                        step + 1, step + 1 + run.settings().offPolicy().maxOffPolicySteps())
                .anyMatch(run::isSampled);
        if (version() < 0 || sampledSoon || step % UNSAMPLED_INTERVAL == 0) {
            write(step);
        }
        announce(step);
    }

    /** Publishes the weights as they are now, unless they are published already. */
    void publishLast(long step) {
        if (version() != step) {
            write(step);
            announce(step);
        }
    }

    /** Writes the weights as they are now, and deletes old versions that nobody works with. */
    private void write(long step) {
        Path origin = run.origin();
        published = policies.publish(step, folder -> policy.save(folder, origin));
        policies.retain(
                run.policiesKept(),
                feed.inUse().stream().map(WeightAck::version).collect(Collectors.toSet()));
        versions.add(step, PublishedWeights.fingerprint(published.files()));
    }

    /** Publishes the mean of checkpoints as the version behind {@code step}, announces it, and goes over to it. */
    void average(long step, List<Path> checkpoints) {
        published = policies.publish(step + 1, folder -> WeightAverage.write(checkpoints, folder));
        policy.load(published.folder());
        announce(step);
    }

    /** Announces which weights to use, and how far the run is. */
    private void announce(long step) {
        announcedDrops = dropped();
        PublishedWeights weights = new PublishedWeights(
                run.name(),
                published.version(),
                published.folder().toAbsolutePath().toString(),
                published.files());
        LearnerProgress progress = new LearnerProgress(
                step,
                Math.min(run.phaseOf(step + 1), run.phases().size() - 1),
                buffer.usedPerPhase(run.phases().size()),
                buffer.droppedPerPhase(run.phases().size()));
        feed.publish(new PolicyAnnouncement(weights, progress));
    }

    /**
     * Tells the feeder of groups dropped since the last announcement: it has to replace them, or the last step of a phase
     * would wait forever.
     */
    void announceDrops(long step) {
        if (dropped() != announcedDrops) {
            announce(step);
        }
    }

    /** Groups that will never be trained on. */
    long dropped() {
        return buffer.droppedPerPhase(run.phases().size()).stream()
                .mapToLong(Long::longValue)
                .sum();
    }
}
