package io.foretell.objectives;

import io.foretell.domain.Options;
import io.foretell.domain.Tokenizer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an objective is built from.
 *
 * @param tokenizer the tokenizer of the policy to train
 * @param groupSize rollouts per task (G, {@code rollout.n})
 * @param temperature {@code rollout.temperature}
 * @param maxPromptLength maximum tokens of a document shown before the cut
 * @param maxResponseLength maximum tokens sampled per rollout
 * @param options the phase's {@code options}, for this objective only
 * @param proxies opens the proxy models that options may name
 */
public record ObjectiveSettings(
        Tokenizer tokenizer,
        int groupSize,
        float temperature,
        int maxPromptLength,
        int maxResponseLength,
        Map<String, Object> options,
        ProxyModels proxies) {
    public ObjectiveSettings {
        options = Map.copyOf(options);
    }

    /** Without proxy models. */
    public ObjectiveSettings(
            Tokenizer tokenizer,
            int groupSize,
            float temperature,
            int maxPromptLength,
            int maxResponseLength,
            Map<String, Object> options) {
        this(tokenizer, groupSize, temperature, maxPromptLength, maxResponseLength, options, ProxyModels.NONE);
    }

    /** The model that the option {@code proxy} names; null if it is not set. */
    @Nullable
    ProxyModel proxy(Options options) {
        return options.isGiven("proxy") ? proxies.open(options.text("proxy", ""), tokenizer) : null;
    }

    /**
     * Refuses groups of one, for methods that compare the rollouts of a group.
     *
     * @param objective the objective's name in configuration files
     * @throws IllegalArgumentException when {@code rollout.n} is 1
     */
    public void requireGroups(String objective) {
        if (groupSize < 2) {
            throw new IllegalArgumentException("rollout.n is " + groupSize + " but objective '" + objective
                    + "' compares the rollouts of a group and needs at least 2");
        }
    }
}
