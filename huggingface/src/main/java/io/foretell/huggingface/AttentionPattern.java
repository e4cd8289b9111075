package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Attention differences between a model's layers. Immutable.
 *
 * @param window tokens visible to a query of a sliding-window layer, itself included; 0 if no layer slides
 * @param sliding (L) whether a layer sees only the window
 * @param rotary (L) whether a layer rotates queries and keys by their positions
 */
public record AttentionPattern(int window, List<Boolean> sliding, List<Boolean> rotary) {
    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";
    private static final int QWEN_FIRST_SLIDING = 28;
    private static final int MISTRAL_WINDOW = 4096;
    private static final int SMOLLM3_INTERVAL = 4;

    public AttentionPattern {
        sliding = List.copyOf(sliding);
        rotary = List.copyOf(rotary);
        if (sliding.contains(true) != window > 0 || window < 0 || sliding.size() != rotary.size()) {
            throw new IllegalArgumentException(
                    "a window of " + window + " does not go with " + sliding + ", " + rotary);
        }
    }

    /** The default of {@code architecture}. */
    static AttentionPattern plain(Architecture architecture, int layers) {
        List<Boolean> rotary = architecture == Architecture.SMOLLM3
                ? interval(SMOLLM3_INTERVAL, layers)
                : Collections.nCopies(layers, true);
        return new AttentionPattern(0, Collections.nCopies(layers, false), rotary);
    }

    /** Reads it from a {@code config.json} as transformers does. */
    static AttentionPattern read(Architecture architecture, JsonNode json, int layers) {
        return switch (architecture) {
            case LLAMA ->
                of(0, layerTypes(json, Collections.nCopies(layers, false)), Collections.nCopies(layers, true));
            case MISTRAL -> mistral(json, layers);
            case QWEN2, QWEN3 -> qwen(json, layers);
            case SMOLLM3 -> smollm3(json, layers);
        };
    }

    private static AttentionPattern mistral(JsonNode json, int layers) {
        if (json.has("layer_types")) {
            throw new PolicyException("'layer_types' makes a mistral model a ministral one, which is not supported");
        }
        int window = json.has("sliding_window") ? window(json) : MISTRAL_WINDOW;
        return of(window, Collections.nCopies(layers, window > 0), Collections.nCopies(layers, true));
    }

    private static AttentionPattern qwen(JsonNode json, int layers) {
        int window = 0;
        if (ConfigNumbers.flag(json, "use_sliding_window", false)) {
            window = json.has("sliding_window") ? window(json) : MISTRAL_WINDOW;
        }
        List<Boolean> sliding = new ArrayList<>();
        int first = ConfigNumbers.integer(json, "max_window_layers", QWEN_FIRST_SLIDING);
        for (int i = 0; i < layers; i++) {
            sliding.add(window > 0 && i >= first);
        }
        return of(window, layerTypes(json, sliding), Collections.nCopies(layers, true));
    }

    private static AttentionPattern smollm3(JsonNode json, int layers) {
        List<Boolean> rotary = new ArrayList<>();
        if (ConfigNumbers.isAbsent(json, "no_rope_layers")) {
            rotary = interval(ConfigNumbers.integer(json, "no_rope_layer_interval", SMOLLM3_INTERVAL), layers);
        } else if (json.path("no_rope_layers").size() < layers) {
            throw new PolicyException("'no_rope_layers' has "
                    + json.path("no_rope_layers").size() + " entries for " + layers + " layers");
        } else {
            for (int i = 0; i < layers; i++) {
                rotary.add(json.path("no_rope_layers").path(i).asBoolean());
            }
        }
        int window = ConfigNumbers.flag(json, "use_sliding_window", false) ? window(json) : 0;
        List<Boolean> sliding = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            sliding.add(window > 0 && !rotary.get(i));
        }
        return of(window, layerTypes(json, sliding), rotary);
    }

    private static AttentionPattern of(int window, List<Boolean> sliding, List<Boolean> rotary) {
        if (sliding.contains(true) && window == 0) {
            throw new PolicyException(
                    "'layer_types' names " + SLIDING + " but 'use_sliding_window' and 'sliding_window' give no window");
        }
        return new AttentionPattern(sliding.contains(true) ? window : 0, sliding, rotary);
    }

    private static List<Boolean> interval(int interval, int layers) {
        if (interval < 1) {
            throw new PolicyException("'no_rope_layer_interval' is " + interval + " but must be at least 1");
        }
        List<Boolean> rotary = new ArrayList<>();
        for (int i = 1; i <= layers; i++) {
            rotary.add(i % interval != 0);
        }
        return rotary;
    }

    /** {@code sliding_window}, or 0 for null. */
    private static int window(JsonNode json) {
        int window = ConfigNumbers.integer(json, "sliding_window", 0);
        if (window < 0 || window == 0 && !ConfigNumbers.isAbsent(json, "sliding_window")) {
            throw new PolicyException("'sliding_window' is " + window + " but must be at least 1");
        }
        return window;
    }

    /** @param absent value if the key is missing or null */
    private static List<Boolean> layerTypes(JsonNode json, List<Boolean> absent) {
        JsonNode types = json.path("layer_types");
        if (ConfigNumbers.isAbsent(json, "layer_types")) {
            return absent;
        }
        if (types.size() != absent.size()) {
            throw new PolicyException(
                    "'layer_types' has " + types.size() + " entries for " + absent.size() + " layers");
        }
        List<Boolean> sliding = new ArrayList<>();
        for (JsonNode type : types) {
            if (!type.asText().equals(FULL) && !type.asText().equals(SLIDING)) {
                throw new PolicyException("'layer_types' names '" + type.asText() + "', which is not supported");
            }
            sliding.add(type.asText().equals(SLIDING));
        }
        return sliding;
    }

    /** Writes it so that {@link #read} returns the same. */
    void write(ObjectNode json, Architecture architecture) {
        if (architecture == Architecture.LLAMA) {
            return;
        }
        if (architecture == Architecture.SMOLLM3) {
            ArrayNode array = json.putArray("no_rope_layers");
            rotary.forEach(each -> array.add(each ? 1 : 0));
        }
        if (architecture != Architecture.MISTRAL) {
            json.put("use_sliding_window", window > 0);
            ArrayNode array = json.putArray("layer_types");
            sliding.forEach(each -> array.add(each ? SLIDING : FULL));
        }
        if (window > 0 && architecture != Architecture.MISTRAL && architecture != Architecture.SMOLLM3) {
            json.put("max_window_layers", sliding.indexOf(true)); // for transformers versions without layer_types
        }
        if (window > 0) {
            json.put("sliding_window", window);
        } else {
            json.putNull("sliding_window");
        }
    }
}
