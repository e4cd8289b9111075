package io.foretell.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A learning experiment: a configuration run over several seeds and once as a control that must not learn, and what has
 * to come out. Immutable.
 *
 * @param name as given to {@code foretell experiment}
 * @param configuration the YAML it runs
 * @param control the override that makes the control
 * @param claim what is to be shown, one sentence
 */
record Experiment(String name, String configuration, String control, String claim) {
    private static final double GAIN_RISE = 0.5;
    private static final double ACCURACY_RISE = 0.4;
    private static final double ACCURACY = 0.75;
    private static final double LOSS_RATIO = 1.05;

    static final List<Experiment> ALL = List.of(new Experiment(
            "quickstart",
            "configs/quickstart.yaml",
            "reward.shuffle=true",
            "RLP discovers that walking the chain before answering pays: held-out information gain and accuracy with"
                    + " thought rise in every seed, and with shuffled rewards neither does."));

    /** Reasons why a run that should have learnt did not; empty when it did. */
    static List<String> shortfalls(JsonNode before, JsonNode after) {
        List<String> reasons = new ArrayList<>();
        double gain = rise(before, after, "information_gain");
        double accuracy = rise(before, after, "accuracy_with_thought");
        double loss = after.path("no_thought_loss").asDouble()
                / before.path("no_thought_loss").asDouble();
        require(reasons, gain >= GAIN_RISE, "information gain rose by %.3f nats, not by %.1f", gain, GAIN_RISE);
        require(reasons, accuracy >= ACCURACY_RISE, "accuracy rose by %.3f, not by %.1f", accuracy, ACCURACY_RISE);
        double reached = after.path("accuracy_with_thought").asDouble();
        require(reasons, reached >= ACCURACY, "accuracy reached %.3f, not %.2f", reached, ACCURACY);
        require(
                reasons,
                loss <= LOSS_RATIO,
                "the no-thought loss is %.3f times what it was, over %.2f",
                loss,
                LOSS_RATIO);
        return reasons;
    }

    /** Reasons why a control learnt after all; empty when it did not. */
    static List<String> unwantedRises(JsonNode before, JsonNode after) {
        List<String> reasons = new ArrayList<>();
        double gain = rise(before, after, "information_gain");
        double accuracy = rise(before, after, "accuracy_with_thought");
        require(
                reasons,
                gain < GAIN_RISE,
                "the control's information gain rose by %.3f nats, over %.1f",
                gain,
                GAIN_RISE);
        require(
                reasons,
                accuracy < ACCURACY_RISE,
                "the control's accuracy rose by %.3f, over %.1f",
                accuracy,
                ACCURACY_RISE);
        return reasons;
    }

    private static double rise(JsonNode before, JsonNode after, String measure) {
        return after.path(measure).asDouble() - before.path(measure).asDouble();
    }

    private static void require(List<String> reasons, boolean fine, String sentence, double found, double wanted) {
        if (!fine) {
            reasons.add(String.format(Locale.ROOT, sentence, found, wanted));
        }
    }
}
