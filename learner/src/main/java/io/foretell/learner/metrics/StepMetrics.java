package io.foretell.learner.metrics;

import io.foretell.domain.FinishReason;
import io.foretell.domain.Origin;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.ScoredGroup;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Extremes;
import io.foretell.objectives.Objective;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** One row of metrics; {@link MetricCatalogue} names and explains every key. Confined to one thread while it is filled. */
public final class StepMetrics {
    private final Map<String, Object> values = new LinkedHashMap<>();

    public StepMetrics put(String name, Object value) {
        values.put(name, value);
        return this;
    }

    public Map<String, Object> values() {
        return values;
    }

    /** Rewards, their components, lengths and staleness of the batch. */
    public StepMetrics groups(List<ScoredGroup> groups, long policyVersion) {
        List<ScoredGroup> sampled =
                groups.stream().filter(g -> !g.rewards().isEmpty()).toList();
        if (sampled.isEmpty()) {
            return this;
        }
        double[] rewards = sampled.stream()
                .flatMap(StepMetrics::ofRollouts)
                .filter(Reward::isOk)
                .mapToDouble(Reward::total)
                .toArray();
        double mean = mean(rewards);
        double squares = 0;
        long positive = 0;
        for (double reward : rewards) {
            squares += (reward - mean) * (reward - mean);
            positive += reward > 0 ? 1 : 0;
        }
        put("reward/mean", mean);
        put("reward/std", Math.sqrt(squares / Math.max(1, rewards.length - 1)));
        put("reward/positive_fraction", positive / (double) Math.max(1, rewards.length));
        components(sampled);
        pools(sampled);
        long equal = sampled.stream().filter(AdvantageEstimator::isZero).count();
        put("frac_reward_zero_std", equal / (double) sampled.size());
        List<Rollout> rollouts = sampled.stream()
                .flatMap(g -> g.group().rollouts().stream())
                .filter(Rollout::isSampled)
                .toList();
        double[] lengths = rollouts.stream().mapToDouble(r -> r.sampledLength()).toArray();
        put("response_length/mean", mean(lengths));
        put(
                "response_length/max",
                rollouts.stream().mapToInt(Rollout::sampledLength).max().orElse(0));
        long cut = rollouts.stream()
                .filter(r -> r.finishReason() == FinishReason.LENGTH)
                .count();
        put("response_length/clip_ratio", cut / (double) rollouts.size());
        double[] staleness = rollouts.stream()
                .mapToDouble(r -> Math.max(0, policyVersion - r.oldestVersion()))
                .toArray();
        put("staleness/mean", mean(staleness));
        int oldest = (int) Arrays.stream(staleness).max().orElse(0);
        put("staleness/max", (double) oldest);
        long[] histogram = new long[oldest + 1];
        Arrays.stream(staleness).forEach(behind -> histogram[(int) behind]++);
        put("staleness/histogram", histogram);
        return this;
    }

    /** What rewards of the objective are measured in, and the rewards of each kind of task that it has. */
    public StepMetrics roles(List<ScoredGroup> groups, Objective objective) {
        if (values.containsKey("reward/mean")) {
            put("reward/unit", objective.rewardUnit());
        }
        Map<String, List<ScoredGroup>> byRole = groups.stream()
                .filter(group -> !group.rewards().isEmpty())
                .collect(Collectors.groupingBy(
                        group -> objective.role(group.task()), TreeMap::new, Collectors.toList()));
        byRole.remove("");
        byRole.forEach((role, some) -> {
            put(role + "/groups", some.size());
            put(
                    role + "/reward/mean",
                    mean(some.stream()
                            .flatMap(group -> group.rewards().stream())
                            .filter(Reward::isOk)
                            .mapToDouble(Reward::total)
                            .toArray()));
            put(
                    role + "/frac_reward_zero_std",
                    some.stream().filter(AdvantageEstimator::isZero).count() / (double) some.size());
        });
        return this;
    }

    /** Rewards of the rollouts, without those of candidates that were not sampled. */
    private static Stream<Reward> ofRollouts(ScoredGroup group) {
        List<Rollout> rollouts = group.group().rollouts();
        return IntStream.range(0, rollouts.size())
                .filter(i -> rollouts.get(i).isSampled())
                .mapToObj(group.rewards()::get);
    }

    /** Where the best candidate of each pool comes from, over the pools that have one. */
    private void pools(List<ScoredGroup> sampled) {
        List<ScoredGroup> pools = sampled.stream()
                .filter(g -> !g.group().rollouts().stream().allMatch(Rollout::isSampled))
                .toList();
        List<Origin> winners = pools.stream()
                .flatMap(pool -> Extremes.of(pool).stream()
                        .map(extremes ->
                                pool.group().rollouts().get(extremes.best()).origin()))
                .toList();
        if (pools.isEmpty()) {
            return;
        }
        put("pool/undecided_fraction", 1 - winners.size() / (double) pools.size());
        for (Origin origin : winners.isEmpty() ? new Origin[0] : Origin.values()) {
            long won = winners.stream().filter(winner -> winner == origin).count();
            String name = origin == Origin.SAMPLED ? "rollout" : origin.name().toLowerCase(Locale.ROOT);
            put("pool/" + name + "_chosen_rate", won / (double) winners.size());
        }
    }

    private void components(List<ScoredGroup> sampled) {
        Map<String, double[]> sums = new TreeMap<>();
        for (ScoredGroup group : sampled) {
            ofRollouts(group)
                    .forEach(reward -> reward.components().forEach((name, value) -> {
                        double[] sum = sums.computeIfAbsent(name, unused -> new double[2]);
                        sum[0] += value;
                        sum[1]++;
                    }));
        }
        sums.forEach((name, sum) -> put("reward/component/" + name, sum[0] / sum[1]));
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return values.length == 0 ? 0 : sum / values.length;
    }
}
