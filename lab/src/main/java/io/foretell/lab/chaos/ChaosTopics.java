package io.foretell.lab.chaos;

import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.platform.Time;
import io.foretell.streams.Codecs;
import io.foretell.streams.DeadLetter;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.RecordSender;
import io.foretell.streams.TopicScan;
import io.foretell.streams.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Contents of a run's topics.
 *
 * @param tasks all issued tasks
 * @param rollouts every sampled group, including copies
 * @param scored by id, in order of arrival; of duplicates only the first copy, which is the one that counts
 * @param announced every announcement of the learner that was not compacted away, in order
 * @param dead ids of dead-lettered groups
 */
record ChaosTopics(
        List<Task> tasks,
        List<RolloutGroup> rollouts,
        Map<String, ScoredGroup> scored,
        List<Announced> announced,
        Set<String> dead) {
    /** An announcement of the learner, and its time. */
    record Announced(Instant at, PolicyAnnouncement learner) {
        /** Number of groups no longer in progress. */
        long settled() {
            return Stream.of(learner.progress().groupsUsed(), learner.progress().groupsDropped())
                    .flatMap(List::stream)
                    .mapToLong(Long::longValue)
                    .sum();
        }
    }

    private static final int MOST_LETTERS = 100_000;

    static ChaosTopics read(String bootstrap, Topics topics) {
        List<Task> tasks = new ArrayList<>();
        List<RolloutGroup> rollouts = new ArrayList<>();
        Map<String, ScoredGroup> scored = new LinkedHashMap<>();
        List<Announced> announced = new ArrayList<>();
        TopicScan.read(bootstrap, topics.tasks(), Codecs.task(), (task, at) -> tasks.add(task), Time.system());
        TopicScan.read(
                bootstrap, topics.rollouts(), Codecs.rolloutGroup(), (group, at) -> rollouts.add(group), Time.system());
        TopicScan.read(
                bootstrap,
                topics.scoredGroups(),
                Codecs.scoredGroup(),
                (group, at) -> scored.putIfAbsent(group.id(), group),
                Time.system());
        TopicScan.read(
                bootstrap,
                topics.policies(),
                Codecs.announcement(),
                (learner, at) -> announced.add(new Announced(at, learner)),
                Time.system());
        try (RecordSender sender = new RecordSender(bootstrap)) {
            Set<String> dead = new DeadLetters(bootstrap, topics, sender)
                    .read(MOST_LETTERS, Time.system()).stream()
                            .map(letter -> letter.headers().getOrDefault(DeadLetter.TASK_ID, ""))
                            .collect(Collectors.toSet());
            return new ChaosTopics(tasks, rollouts, scored, announced, dead);
        }
    }
}
