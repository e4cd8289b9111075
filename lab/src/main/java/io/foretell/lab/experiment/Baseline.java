package io.foretell.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Optional;

/** Another configuration of equal cost that a method must beat with each seed. Immutable. */
sealed interface Baseline {
    /** Its name in the table. */
    String name();

    /** The YAML it runs; its warm-up is that of the method. */
    String configuration();

    /**
     * Why the method does not beat the baseline by enough; empty if it does.
     *
     * @param method final held-out measures of the method
     * @param own final held-out measures of the baseline
     */
    Optional<String> shortfall(JsonNode method, JsonNode own);

    /**
     * The method's measure is higher by at least {@code by}.
     *
     * @param words the measure's name in a sentence
     */
    record Above(String name, String configuration, String measure, String words, double by) implements Baseline {
        @Override
        public Optional<String> shortfall(JsonNode method, JsonNode own) {
            double ahead = method.path(measure).asDouble() - own.path(measure).asDouble();
            return ahead >= by
                    ? Optional.empty()
                    : Optional.of(
                            String.format(Locale.ROOT, "the method's %s is %.3f above it, not %.2f", words, ahead, by));
        }
    }

    /**
     * The method's measure is at most this share of the baseline's.
     *
     * @param words the measure's name in a sentence
     */
    record ShareOf(String name, String configuration, String measure, String words, double share) implements Baseline {
        @Override
        public Optional<String> shortfall(JsonNode method, JsonNode own) {
            double found = method.path(measure).asDouble() / own.path(measure).asDouble();
            return found <= share
                    ? Optional.empty()
                    : Optional.of(String.format(
                            Locale.ROOT, "the method's %s is %.2f of its, over %.2f", words, found, share));
        }
    }
}
