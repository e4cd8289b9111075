package io.foretell.server;

import io.foretell.learner.Learner;
import io.foretell.platform.Time;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a person reads on the terminal. Thread-safe. */
public final class Console {
    private static final String OF_ROLE = "/reward/mean";
    private static final long QUIET_NANOS = 1_000_000_000L;
    private static long lastLine;

    private Console() {}

    /** The terminal: the only place where this program prints. */
    @SuppressWarnings("SystemOut")
    private static PrintStream out() {
        return System.out;
    }

    public static synchronized void say(String line) {
        out().println(line);
    }

    public static synchronized void warn(String sentence) {
        System.err.println("! " + sentence);
    }

    /** A line per step; steps that take less than a second share one. */
    public static synchronized void progress(Learner.ProgressLine line) {
        Map<String, Object> m = line.metrics();
        if (m.keySet().stream().anyMatch(key -> key.startsWith("heldout/"))) {
            say(heldOut(m));
            return;
        }
        long now = Time.system().nanos();
        if (now - lastLine < QUIET_NANOS && !isRound(m.get("step"))) {
            return;
        }
        lastLine = now;
        say(step(m, line.totalSteps()));
    }

    private static boolean isRound(Object step) {
        return step instanceof Long number && number % 100 == 0;
    }

    static String step(Map<String, Object> m, long total) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "step %s%s %s v%s",
                m.get("step"),
                total == Long.MAX_VALUE ? "" : "/" + total,
                m.get("phase"),
                m.get("policy_version")));
        if (m.containsKey("reward/mean")) {
            text.append(String.format(
                    Locale.ROOT,
                    " | reward %+.3f%s%s len %.1f | kl %.4f mismatch %.1e stale %.1f | sample %s tok/s",
                    number(m, "reward/mean"),
                    ofRoles(m),
                    m.containsKey("information_gain/mean")
                            ? String.format(Locale.ROOT, " gain %+.3f", number(m, "information_gain/mean"))
                            : "",
                    number(m, "response_length/mean"),
                    number(m, "actor/ppo_kl"),
                    number(m, "mismatch_kl/mean"),
                    number(m, "staleness/mean"),
                    thousands(number(m, "perf/sampling_tokens_per_s"))));
        } else {
            text.append(String.format(Locale.ROOT, " | loss %.4f", number(m, "actor/ce_loss")));
        }
        text.append(String.format(
                Locale.ROOT,
                " train %s tok/s | %.2f s: generate %.2f reward %.2f wait %.2f train %.2f sync %.2f",
                thousands(number(m, "perf/training_tokens_per_s")),
                number(m, "timing_s/step"),
                number(m, "timing_s/generate"),
                number(m, "timing_s/reward"),
                number(m, "timing_s/wait"),
                number(m, "timing_s/train"),
                number(m, "timing_s/sync")));
        return text.toString();
    }

    /** Rewards of each role that tasks have, such as asr and msr. */
    private static String ofRoles(Map<String, Object> m) {
        String roles = m.keySet().stream()
                .filter(key -> key.endsWith(OF_ROLE))
                .map(key -> String.format(
                        Locale.ROOT, "%s %+.3f", key.substring(0, key.length() - OF_ROLE.length()), number(m, key)))
                .collect(Collectors.joining(", "));
        return roles.isEmpty() ? "" : " (" + roles + ")";
    }

    private static String heldOut(Map<String, Object> m) {
        List<String> found = new ArrayList<>();
        if (m.containsKey("heldout/information_gain")) {
            found.add(String.format(
                    Locale.ROOT,
                    "information gain %+.3f [%+.3f, %+.3f] nats",
                    number(m, "heldout/information_gain"),
                    number(m, "heldout/information_gain_low"),
                    number(m, "heldout/information_gain_high")));
        }
        if (m.containsKey("heldout/accuracy_with_thought")) {
            boolean isStated = m.containsKey("heldout/response_length");
            found.add(String.format(
                    Locale.ROOT,
                    "accuracy with thought %.3f, without %.3f, %s length %.1f",
                    number(m, "heldout/accuracy_with_thought"),
                    number(m, "heldout/accuracy_without_thought"),
                    isStated ? "response" : "thought",
                    number(m, isStated ? "heldout/response_length" : "heldout/thought_length")));
        }
        if (m.containsKey("heldout/banned_token_rate")) {
            found.add(String.format(Locale.ROOT, "banned tokens %.4f", number(m, "heldout/banned_token_rate")));
        }
        if (m.containsKey("heldout/no_thought_loss")) {
            found.add(String.format(Locale.ROOT, "no-thought loss %.4f", number(m, "heldout/no_thought_loss")));
        }
        return "  held out after step " + m.get("step") + ": " + String.join(", ", found);
    }

    private static double number(Map<String, Object> m, String key) {
        return m.get(key) instanceof Number number ? number.doubleValue() : 0;
    }

    private static String thousands(double value) {
        return value >= 1000
                ? String.format(Locale.ROOT, "%.1fk", value / 1000)
                : String.format(Locale.ROOT, "%.0f", value);
    }
}
