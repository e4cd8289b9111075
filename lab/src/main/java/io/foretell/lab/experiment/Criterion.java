package io.foretell.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Optional;

/** What a held-out measure must do in a run that learns, and must not do in its control. Immutable. */
sealed interface Criterion {
    /** Why a run that should have learnt did not; empty if it did. */
    Optional<String> shortfall(JsonNode before, JsonNode after);

    /** Why a control learnt although it must not; empty if it did not. */
    Optional<String> unwanted(JsonNode before, JsonNode after);

    /**
     * The measure rises by at least {@code by}; in the control by less.
     *
     * @param words the measure's name in a sentence
     * @param unit with a leading space, or empty
     */
    record Rises(String measure, String words, String unit, double by) implements Criterion {
        @Override
        public Optional<String> shortfall(JsonNode before, JsonNode after) {
            double rise = rise(before, after);
            return unless(rise >= by, "%s rose by %.3f%s, not by %.1f", words, rise, unit, by);
        }

        @Override
        public Optional<String> unwanted(JsonNode before, JsonNode after) {
            double rise = rise(before, after);
            return unless(rise < by, "the control's %s rose by %.3f%s, over %.1f", words, rise, unit, by);
        }

        private double rise(JsonNode before, JsonNode after) {
            return after.path(measure).asDouble() - before.path(measure).asDouble();
        }
    }

    /**
     * The measure falls to at most {@code share} of its initial value; in the control it stays above.
     *
     * @param words the measure's name in a sentence
     */
    record FallsTo(String measure, String words, double share) implements Criterion {
        @Override
        public Optional<String> shortfall(JsonNode before, JsonNode after) {
            double left = left(before, after);
            return unless(left <= share, "the %s fell to %.2f of what it was, not to %.2f", words, left, share);
        }

        @Override
        public Optional<String> unwanted(JsonNode before, JsonNode after) {
            double left = left(before, after);
            return unless(left > share, "the control's %s fell to %.2f of what it was, under %.2f", words, left, share);
        }

        private double left(JsonNode before, JsonNode after) {
            return after.path(measure).asDouble() / before.path(measure).asDouble();
        }
    }

    /** The measure ends at {@code value} or more. */
    record Reaches(String measure, String words, double value) implements Criterion {
        @Override
        public Optional<String> shortfall(JsonNode before, JsonNode after) {
            double reached = after.path(measure).asDouble();
            return unless(reached >= value, "%s reached %.3f, not %.2f", words, reached, value);
        }

        @Override
        public Optional<String> unwanted(JsonNode before, JsonNode after) {
            return Optional.empty();
        }
    }

    /** The measure grows to at most {@code most} times its initial value. */
    record GrowsAtMost(String measure, String words, double most) implements Criterion {
        @Override
        public Optional<String> shortfall(JsonNode before, JsonNode after) {
            double ratio = after.path(measure).asDouble() / before.path(measure).asDouble();
            return unless(ratio <= most, "the %s is %.3f times what it was, over %.2f", words, ratio, most);
        }

        @Override
        public Optional<String> unwanted(JsonNode before, JsonNode after) {
            return Optional.empty();
        }
    }

    private static Optional<String> unless(boolean fine, String sentence, Object... values) {
        return fine ? Optional.empty() : Optional.of(String.format(Locale.ROOT, sentence, values));
    }
}
