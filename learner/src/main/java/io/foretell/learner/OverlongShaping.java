package io.foretell.learner;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * DAPO's soft punishment of long responses (arXiv 2503.14476, equation 13): {@code r += min(-(n - (L - buffer)) / buffer *
 * factor, 0)}, n the sampled tokens of the response, L the most that can be sampled. The term becomes the reward's
 * component {@code overlong_reward}.
 *
 * @param maxResponseLength L
 * @param buffer tokens before L in which the punishment grows
 * @param factor the punishment at n = L
 */
public record OverlongShaping(int maxResponseLength, int buffer, double factor) {
    static final String COMPONENT = "overlong_reward";

    double punishment(int length) {
        double over = length - (maxResponseLength - buffer);
        return Math.min(-over / buffer * factor, 0);
    }

    /** Missing rewards stay as they are. */
    public List<ScoredGroup> shape(List<ScoredGroup> groups) {
        return groups.stream().map(this::shaped).toList();
    }

    private ScoredGroup shaped(ScoredGroup group) {
        List<Reward> rewards = new ArrayList<>();
        for (int i = 0; i < group.rewards().size(); i++) {
            Reward reward = group.rewards().get(i);
            double term = punishment(group.group().rollouts().get(i).sampledLength());
            rewards.add(reward.isOk() ? with(reward, term) : reward);
        }
        return group.withRewards(rewards);
    }

    private static Reward with(Reward reward, double term) {
        Map<String, Double> components = new HashMap<>(reward.components());
        components.put(COMPONENT, term);
        return Reward.of(reward.total() + term, components);
    }
}
