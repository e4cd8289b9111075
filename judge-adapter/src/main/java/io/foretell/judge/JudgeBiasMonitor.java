package io.foretell.judge;

import io.foretell.platform.Metrics;
import io.micrometer.core.instrument.Gauge;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects a judge whose answers carry no information: always the same score, or, with pairs shown in both orders, a
 * preference for the position (a fair judge prefers the first about half of the time). Each suspicion is reported once
 * until it clears. Thread-safe.
 */
final class JudgeBiasMonitor {
    private static final Logger log = LoggerFactory.getLogger(JudgeBiasMonitor.class);
    private static final int WINDOW = 200;
    private static final int FEWEST = 40;
    private static final double SAME = 0.98;
    private static final double TOLERANCE = 0.1;
    private static final double DEVIATIONS = 3;

    private final boolean bothOrders;
    private final Metrics metrics;
    private final Map<String, Window> windows = new HashMap<>();
    private final Set<String> suspicions = new HashSet<>();

    JudgeBiasMonitor(boolean bothOrders, Metrics metrics) {
        this.bothOrders = bothOrders;
        this.metrics = metrics;
    }

    /** The latest answers of a role. Guarded by the monitor. */
    private static final class Window {
        private final Deque<Double> scores = new ArrayDeque<>();

        void add(double score) {
            scores.addLast(score);
            if (scores.size() > WINDOW) {
                scores.removeFirst();
            }
        }

        double mean() {
            return scores.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
        }

        double mostCommonShare() {
            Map<Double, Integer> counts = new HashMap<>();
            scores.forEach(score -> counts.merge(score, 1, Integer::sum));
            return counts.values().stream().mapToInt(Integer::intValue).max().orElse(0) / (double) scores.size();
        }
    }

    /** @param score raw score of a single answer */
    synchronized void note(JudgePrompt prompt, double score) {
        if (prompt.isText()) {
            return;
        }
        Window window = windows.computeIfAbsent(prompt.role(), role -> newWindow(prompt));
        window.add(score);
        int answers = window.scores.size();
        if (answers < FEWEST) {
            return;
        }
        if (hasFairMean(prompt)) {
            double away = Math.abs(window.mean() - 0.5);
            boolean biased = away > TOLERANCE && away > DEVIATIONS * 0.5 / Math.sqrt(answers);
            String which = window.mean() > 0.5 ? "first" : "second";
            report(prompt.role(), "position", biased, "prefers the one shown " + which, window.mean(), answers);
        } else {
            double share = window.mostCommonShare();
            report(prompt.role(), "constant", share >= SAME, "always answers the same", share, answers);
        }
    }

    private boolean hasFairMean(JudgePrompt prompt) {
        return prompt.isPair() && bothOrders;
    }

    private void report(String role, String kind, boolean suspected, String sentence, double share, int answers) {
        String key = role + " " + kind;
        if (!suspected) {
            suspicions.remove(key);
        } else if (suspicions.add(key)) {
            metrics.count("reward_judge_suspicions", "role", role, "kind", kind);
            log.warn(
                    "the judge {} in role '{}': share {} of its last {} answers; do not trust its scores",
                    sentence,
                    role,
                    share,
                    answers);
        }
    }

    private Window newWindow(JudgePrompt prompt) {
        Window window = new Window();
        String name = hasFairMean(prompt) ? "reward_judge_first_preferred" : "reward_judge_most_common_answer";
        Gauge.builder(name, () -> share(prompt, window))
                .tag("role", prompt.role())
                .register(metrics.registry());
        return window;
    }

    private synchronized double share(JudgePrompt prompt, Window window) {
        return hasFairMean(prompt) ? window.mean() : window.mostCommonShare();
    }
}
