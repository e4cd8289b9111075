package io.foretell.server;

import io.foretell.learner.Learner;
import io.foretell.learner.metrics.HeldOutMeasure;
import io.foretell.learner.metrics.MetricCatalogue;
import io.foretell.learner.metrics.MetricText;
import io.foretell.platform.Time;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Lines on the terminal. Thread-safe. */
public final class Console {
    private static final long QUIET_NANOS = 1_000_000_000L;
    private static long lastLine;

    private Console() {}

    /** The terminal. Only this class prints. */
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

    /** Prints one line per evaluation and per step, but at most one step per second. */
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

    /** The metrics that the catalogue marks for the console, one group per section. */
    static String step(Map<String, Object> m, long total) {
        StringBuilder text = new StringBuilder("step " + m.get("step") + (total == Long.MAX_VALUE ? "" : "/" + total)
                + " " + m.get("phase") + " v" + m.get("policy_version"));
        Map<String, List<String>> groups = new LinkedHashMap<>();
        MetricCatalogue.get().forEach(m.keySet(), (section, entry) -> {
            if (entry.metric().console() != null && m.get(entry.key()) instanceof Number value) {
                groups.computeIfAbsent(section.title(), unused -> new ArrayList<>())
                        .add(entry.consoleLabel() + " " + MetricText.brief(entry.metric(), value.doubleValue()));
            }
        });
        groups.values().forEach(group -> text.append(" | ").append(String.join(" ", group)));
        return text.toString();
    }

    /** Every held-out measure in the row, with its interval if it has one. */
    static String heldOut(Map<String, Object> m) {
        return "  held out after step " + m.get("step") + ": "
                + HeldOutMeasure.of(m).stream().map(HeldOutMeasure::text).collect(Collectors.joining(", "));
    }
}
