package io.foretell.objectives;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The registry of methods: the one line that a new one adds. */
public final class Objectives {
    private static final Map<String, Function<ObjectiveSettings, Objective>> BY_NAME = new TreeMap<>(Map.ofEntries(
            Map.entry(AdvantageWeighted.NAME, AdvantageWeighted::new),
            Map.entry(ConditionalTraining.NAME, ConditionalTraining::new),
            Map.entry(Filtering.NAME, Filtering::new),
            Map.entry(NextTokenPrediction.NAME, NextTokenPrediction::new),
            Map.entry(PretrainZero.NAME, PretrainZero::new),
            Map.entry(RewardWeighted.NAME, RewardWeighted::new),
            Map.entry(Rlp.NAME, Rlp::new),
            Map.entry(Rlpt.NAME, Rlpt::new),
            Map.entry(Rpt.NAME, Rpt::new),
            Map.entry(RptColdStart.NAME, RptColdStart::new),
            Map.entry(SelfImproving.NAME, SelfImproving::new),
            Map.entry(SpanCorruption.NAME, SpanCorruption::new),
            Map.entry(Unlikelihood.NAME, Unlikelihood::new)));

    private Objectives() {}

    /**
     * The objective that configuration files call {@code name}.
     *
     * @throws IllegalArgumentException with a sentence for the user, when there is none or an option is wrong
     */
    public static Objective create(String name, ObjectiveSettings settings) {
        Function<ObjectiveSettings, Objective> factory = BY_NAME.get(name);
        if (factory == null) {
            throw new IllegalArgumentException(
                    "phases: there is no objective '" + name + "'; known are " + BY_NAME.keySet());
        }
        return factory.apply(settings);
    }
}
