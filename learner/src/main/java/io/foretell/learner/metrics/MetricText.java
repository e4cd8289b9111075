package io.foretell.learner.metrics;

import java.util.Locale;

/** Values of metrics as people read them, the same in the console and in reports. Pure functions. */
public final class MetricText {
    private MetricText() {}

    /** A value with its unit: {@code +0.2500 nats}, {@code 12.5%}, {@code 1.20k tokens/s}. */
    public static String of(Metric metric, double value) {
        String sign = metric.signed() && value > 0 ? "+" : "";
        return switch (metric.unit()) {
            case "ratio" -> sign + percent(value);
            case "seconds" -> String.format(Locale.ROOT, "%.2f s", value);
            case "number", "reward", "text", "steps" -> sign + number(value);
            default -> sign + number(value) + " " + metric.unit();
        };
    }

    /** As {@link #of}, without the units that go without saying: those of losses, lengths and versions. */
    public static String brief(Metric metric, double value) {
        String text = of(metric, value);
        return switch (metric.unit()) {
            case "nats", "tokens", "versions", "groups" -> text.substring(0, text.indexOf(' '));
            default -> text;
        };
    }

    /** About four significant digits: {@code 12.34k}, {@code 4.567}, {@code 0.0123}, {@code 3.1e-08}. */
    static String number(double value) {
        double size = Math.abs(value);
        if (value == Math.rint(value) && size < 1e4) {
            return String.format(Locale.ROOT, "%.0f", value);
        }
        if (size >= 1e6) {
            return String.format(Locale.ROOT, "%.2fM", value / 1e6);
        }
        if (size >= 1e3) {
            return String.format(Locale.ROOT, "%.2fk", value / 1e3);
        }
        return size < 1e-3 ? String.format(Locale.ROOT, "%.1e", value) : fixed(value);
    }

    private static String fixed(double value) {
        double size = Math.abs(value);
        int digits = size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static String percent(double value) {
        double percent = 100 * value;
        return String.format(Locale.ROOT, Math.abs(percent) < 1 && percent != 0 ? "%.2f%%" : "%.1f%%", percent);
    }
}
