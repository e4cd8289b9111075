package io.foretell.launcher;

import io.foretell.objectives.RolloutGroup;
import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.Task;
import io.foretell.streams.Codecs;
import io.foretell.streams.DeadLetter;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.RecordSender;
import io.foretell.streams.TopicScan;
import io.foretell.streams.Topics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run left on its topics.
 *
 * @param tasks all that were issued
 * @param rollouts every group that was sampled, copies included
 * @param scored by id, in the order they came; where a group came again, its first copy, which is the one that counts
 * @param dead ids of groups that were given up on the way
 */
record ChaosTopics(List<Task> tasks, List<RolloutGroup> rollouts, Map<String, ScoredGroup> scored, Set<String> dead) {
    private static final int MOST_LETTERS = 100_000;

    static ChaosTopics read(String bootstrap, Topics topics) {
        List<Task> tasks = new ArrayList<>();
        List<RolloutGroup> rollouts = new ArrayList<>();
        Map<String, ScoredGroup> scored = new LinkedHashMap<>();
        TopicScan.read(bootstrap, topics.tasks(), Codecs.task(), tasks::add);
        TopicScan.read(bootstrap, topics.rollouts(), Codecs.rolloutGroup(), rollouts::add);
        TopicScan.read(
                bootstrap, topics.scoredGroups(), Codecs.scoredGroup(), group -> scored.putIfAbsent(group.id(), group));
        try (RecordSender sender = new RecordSender(bootstrap)) {
            Set<String> dead = new DeadLetters(bootstrap, topics, sender)
                    .read(MOST_LETTERS).stream()
                            .map(letter -> letter.headers().getOrDefault(DeadLetter.TASK_ID, ""))
                            .collect(Collectors.toSet());
            return new ChaosTopics(tasks, rollouts, scored, dead);
        }
    }
}
