package io.foretell.objectives;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The registry of methods: the one line that a new one adds. */
public final class Objectives {
    private static final Map<String, Function<ObjectiveSettings, Objective>> BY_NAME = new TreeMap<>(Map.of(
            NextTokenPrediction.NAME, NextTokenPrediction::new,
            Rlp.NAME, Rlp::new,
            Rpt.NAME, Rpt::new));

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
