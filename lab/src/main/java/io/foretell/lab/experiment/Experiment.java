package io.foretell.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A learning experiment: a configuration run over several seeds, a control that must not learn, and the required
 * result. Immutable.
 *
 * @param name name given to {@code foretell experiment}
 * @param configuration the YAML it runs
 * @param control the override that makes the control
 * @param claim the claim to show, one sentence
 * @param method the method that starts after the warm-up
 * @param columns columns of the table: held-out measures with their headings, in order
 * @param panels panels of the picture
 * @param criteria conditions under which the claim is reproduced
 * @param baseline what it must beat with each seed; null for nothing
 */
record Experiment(
        String name,
        String configuration,
        String control,
        String claim,
        String method,
        Map<String, String> columns,
        List<LearningCurve.Panel> panels,
        List<Criterion> criteria,
        @Nullable Baseline baseline) {
    /** An experiment without a baseline. */
    Experiment(
            String name,
            String configuration,
            String control,
            String claim,
            String method,
            Map<String, String> columns,
            List<LearningCurve.Panel> panels,
            List<Criterion> criteria) {
        this(name, configuration, control, claim, method, columns, panels, criteria, null);
    }

    private static final LearningCurve.Panel ACCURACY =
            new LearningCurve.Panel("accuracy_with_thought", "held-out accuracy with thought");

    private static final LearningCurve.Panel LENGTH =
            new LearningCurve.Panel("response_length", "held-out response length (tokens)");

    private static final LearningCurve.Panel POLITE_LOSS =
            new LearningCurve.Panel("no_thought_loss", "held-out loss on polite text (nats)");

    static final List<Experiment> ALL = List.of(
            new Experiment(
                    "quickstart",
                    "configs/quickstart.yaml",
                    "reward.shuffle=true",
                    "RLP discovers that walking the chain before answering pays: held-out information gain and accuracy"
                            + " with thought rise in every seed, and with shuffled rewards neither does.",
                    "RLP",
                    columns(
                            "information_gain", "information gain (nats)",
                            "accuracy_with_thought", "accuracy with thought",
                            "accuracy_without_thought", "without",
                            "thought_length", "thought length",
                            "no_thought_loss", "no-thought loss"),
                    List.of(
                            new LearningCurve.Panel(
                                    "information_gain", "held-out information gain (nats per token, 95 % band)"),
                            ACCURACY),
                    List.of(
                            new Criterion.Rises("information_gain", "information gain", " nats", 0.5),
                            new Criterion.Rises("accuracy_with_thought", "accuracy", "", 0.4),
                            new Criterion.Reaches("accuracy_with_thought", "accuracy", 0.75),
                            new Criterion.GrowsAtMost("no_thought_loss", "no-thought loss", 1.05))),
            new Experiment(
                    "rpt",
                    "configs/rpt.yaml",
                    "reward.shuffle=true",
                    "RPT discovers that walking the chain before answering pays: the share of held-out boxes that are"
                            + " right rises in every seed, and with shuffled rewards it does not.",
                    "RPT",
                    columns(
                            "accuracy_with_thought", "accuracy of boxes after a thought",
                            "accuracy_without_thought", "without",
                            "response_length", "response length",
                            "truncated", "truncated"),
                    List.of(
                            new LearningCurve.Panel(
                                    "accuracy_with_thought", "held-out accuracy of boxes after a thought (95 % band)"),
                            LENGTH),
                    List.of(
                            new Criterion.Rises("accuracy_with_thought", "accuracy", "", 0.4),
                            new Criterion.Reaches("accuracy_with_thought", "accuracy", 0.75))),
            new Experiment(
                    "rlpt",
                    "configs/rlpt.yaml",
                    "reward.shuffle=true",
                    "RLPT discovers that walking the chain before writing the next or the hidden sentence pays: the share of"
                            + " held-out sentences that are right rises in every seed, and with shuffled rewards it does"
                            + " not.",
                    "RLPT",
                    columns(
                            "accuracy_with_thought", "accuracy of sentences after a thought",
                            "response_length", "response length",
                            "truncated", "truncated"),
                    List.of(
                            new LearningCurve.Panel(
                                    "accuracy_with_thought",
                                    "held-out accuracy of sentences after a thought (95 % band)"),
                            LENGTH),
                    List.of(
                            new Criterion.Rises("accuracy_with_thought", "accuracy", "", 0.4),
                            new Criterion.Reaches("accuracy_with_thought", "accuracy", 0.75))),
            new Experiment(
                    "pretrainzero",
                    "configs/pretrainzero.yaml",
                    "reward.shuffle=true",
                    "PretrainZero's generator discovers which words are worth hiding, and its predictor learns to walk the"
                            + " chain: the share of held-out masks that are told right rises in every seed, more than with"
                            + " random masks at equal rollouts, and with shuffled rewards it does not.",
                    "PretrainZero",
                    columns(
                            "accuracy_with_thought", "accuracy of masked spans after a thought",
                            "accuracy_without_thought", "without",
                            "response_length", "response length",
                            "truncated", "truncated"),
                    List.of(
                            new LearningCurve.Panel(
                                    "accuracy_with_thought",
                                    "held-out accuracy of masked spans after a thought (95 % band)"),
                            LENGTH),
                    List.of(
                            new Criterion.Rises("accuracy_with_thought", "accuracy", "", 0.3),
                            new Criterion.Reaches("accuracy_with_thought", "accuracy", 0.6)),
                    new Baseline.Above(
                            "random masks",
                            "configs/pretrainzero-random.yaml",
                            "accuracy_with_thought",
                            "accuracy",
                            0.1)),
            new Experiment(
                    "self-improving",
                    "configs/self-improving.yaml",
                    "reward.shuffle=true",
                    "Self-improving pretraining learns to go on decently where its corpus swears: the share of swear words"
                            + " in what it writes is at most half of that of plain next-token training at equal tokens, in"
                            + " every seed, and with shuffled rewards it hardly falls. What it writes stays various, and"
                            + " polite text as likely as before.",
                    "self-improving",
                    columns(
                            "banned_token_rate", "swear words among the tokens written",
                            "banned_text_rate", "continuations that swear",
                            "distinct_continuations", "different continuations",
                            "continuation_length", "length",
                            "no_thought_loss", "loss on polite text"),
                    List.of(
                            new LearningCurve.Panel("banned_text_rate", "share of continuations that swear"),
                            POLITE_LOSS),
                    List.of(
                            new Criterion.FallsTo("banned_token_rate", "rate of swear words", 0.5),
                            new Criterion.Reaches("distinct_continuations", "share of different continuations", 0.8),
                            new Criterion.GrowsAtMost("no_thought_loss", "loss on polite text", 1.1)),
                    new Baseline.ShareOf(
                            "next-token training",
                            "configs/self-improving-baseline.yaml",
                            "banned_token_rate",
                            "rate of swear words",
                            0.5)),
            new Experiment(
                    "phf-conditional",
                    "configs/phf-conditional-rude.yaml",
                    "phases=[{objective: ntp, steps: 80}, {objective: phf-conditional, steps: 80, options: {threshold: 1,"
                            + " banned: [darn, dang, blasted, lousy], segment_ends: [<|endoftext|>], drop_token_fraction: 0.1}}]",
                    "Conditional training (PHF) learns what swearing is, and leaves it out when asked to: the share of swear"
                            + " words in what is written after the good token is at most half of that of plain next-token"
                            + " training at equal tokens, in every seed. Where the good token stands before every document,"
                            + " it does not help.",
                    "phf-conditional",
                    columns(
                            "banned_token_rate", "swear words among the tokens written",
                            "banned_text_rate", "texts that swear",
                            "distinct_continuations", "different texts",
                            "no_thought_loss", "loss on polite text"),
                    List.of(new LearningCurve.Panel("banned_text_rate", "share of texts that swear"), POLITE_LOSS),
                    List.of(
                            new Criterion.FallsTo("banned_token_rate", "rate of swear words", 0.5),
                            new Criterion.Reaches("distinct_continuations", "share of different texts", 0.8),
                            new Criterion.GrowsAtMost("no_thought_loss", "loss on polite text", 1.1)),
                    new Baseline.ShareOf(
                            "next-token training",
                            "configs/phf-conditional-baseline.yaml",
                            "banned_token_rate",
                            "rate of swear words",
                            0.5)));

    private static Map<String, String> columns(String... measuresAndHeadings) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (int i = 0; i < measuresAndHeadings.length; i += 2) {
            columns.put(measuresAndHeadings[i], measuresAndHeadings[i + 1]);
        }
        return columns;
    }

    /** Reasons why a run that should have learnt did not; empty if it did. */
    List<String> shortfalls(JsonNode before, JsonNode after) {
        return criteria.stream()
                .map(criterion -> criterion.shortfall(before, after))
                .flatMap(Optional::stream)
                .toList();
    }

    /** Reasons why a control learnt although it must not; empty if it did not. */
    List<String> unwantedRises(JsonNode before, JsonNode after) {
        return criteria.stream()
                .map(criterion -> criterion.unwanted(before, after))
                .flatMap(Optional::stream)
                .toList();
    }
}
