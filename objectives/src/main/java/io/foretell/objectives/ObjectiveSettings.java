package io.foretell.objectives;

import io.foretell.domain.Tokenizer;
import java.util.Map;

/**
 * What an objective is built from.
 *
 * @param tokenizer of the policy that will be trained
 * @param groupSize rollouts per task (G, {@code rollout.n})
 * @param temperature {@code rollout.temperature}
 * @param maxPromptLength most tokens of a document shown before the cut
 * @param maxResponseLength most tokens sampled per rollout
 * @param options the phase's own keys, those of this objective only
 * @param proxies models beside the policy that it may name
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

    /** The same settings for an objective inside another one. */
    ObjectiveSettings withOptions(Map<String, Object> others) {
        return new ObjectiveSettings(
                tokenizer, groupSize, temperature, maxPromptLength, maxResponseLength, others, proxies);
    }
}
