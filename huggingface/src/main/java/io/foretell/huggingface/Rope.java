package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Rotary position embedding (Su et al. 2021, arXiv 2104.09864): pair i of a head is rotated by position * f_i with f_i
 * = theta^(-2i / headDim). {@code linear} divides f_i by a factor; {@code llama3} does so only for long wavelengths 2
 * pi / f_i, with a smooth transition.
 *
 * @param theta base
 * @param type "default", "linear" or "llama3"
 * @param factor factor that stretches long wavelengths; 1 for default
 * @param lowFrequencyFactor llama3: wavelengths above originalPositions / this are stretched; else 0
 * @param highFrequencyFactor llama3: wavelengths below originalPositions / this are not; else 0
 * @param originalPositions llama3: context length of the original pretraining; else 0
 */
public record Rope(
        double theta,
        String type,
        double factor,
        double lowFrequencyFactor,
        double highFrequencyFactor,
        int originalPositions) {
    private static final String DEFAULT = "default";

    public Rope {
        if (!(theta > 0) || !Double.isFinite(theta)) {
            throw new PolicyException("rope_theta is " + theta + " but must be above 0");
        }
        if (!(factor > 0) || !Double.isFinite(factor)) {
            throw new PolicyException("the rope's factor is " + factor + " but must be above 0");
        }
        if (type.equals("llama3")
                && (!(lowFrequencyFactor > 0)
                        || !(highFrequencyFactor > lowFrequencyFactor)
                        || originalPositions < 1)) {
            throw new PolicyException("rope type llama3 needs 0 < low_freq_factor < high_freq_factor and"
                    + " original_max_position_embeddings, but has " + lowFrequencyFactor + ", " + highFrequencyFactor
                    + " and " + originalPositions);
        }
    }

    /** Without scaling. */
    public static Rope of(double theta) {
        return new Rope(theta, DEFAULT, 1, 0, 0, 0);
    }

    /** Reads {@code rope_theta} and {@code rope_scaling}, or {@code rope_parameters}, which combines both. */
    static Rope read(JsonNode json, double defaultTheta, int maxPositions) {
        for (String each : new String[] {"rope_scaling", "rope_parameters"}) {
            if (!ConfigNumbers.isAbsent(json, each) && !json.path(each).isObject()) {
                throw new PolicyException("'" + each + "' is not a JSON object");
            }
        }
        // transformers prefers the older key if both are given
        String key = json.path("rope_scaling").isEmpty() ? "rope_parameters" : "rope_scaling";
        JsonNode dictionary = json.path(key);
        for (JsonNode value : dictionary) {
            if (value.isContainerNode()) {
                throw new PolicyException("'" + key + "' differs by layer type, which is not supported");
            }
        }
        for (JsonNode owner : new JsonNode[] {json, dictionary}) {
            if (ConfigNumbers.decimal(owner, "partial_rotary_factor", 1) != 1) {
                throw new PolicyException("'partial_rotary_factor' other than 1 is not supported");
            }
        }
        double theta = ConfigNumbers.decimal(
                dictionary, "rope_theta", ConfigNumbers.decimal(json, "rope_theta", defaultTheta));
        String type =
                dictionary.path("rope_type").asText(dictionary.path("type").asText(DEFAULT));
        return switch (type) {
            case DEFAULT -> of(theta);
            case "linear" -> new Rope(theta, type, ConfigNumbers.decimal(dictionary, "factor"), 0, 0, 0);
            case "llama3" ->
                new Rope(
                        theta,
                        type,
                        ConfigNumbers.decimal(dictionary, "factor"),
                        ConfigNumbers.decimal(dictionary, "low_freq_factor"),
                        ConfigNumbers.decimal(dictionary, "high_freq_factor"),
                        original(json, dictionary, maxPositions));
            default ->
                throw new PolicyException("'" + key + "' has the type '" + type
                        + "', which is not supported; supported are default, linear and llama3");
        };
    }

    private static int original(JsonNode json, JsonNode dictionary, int maxPositions) {
        String key = "original_max_position_embeddings";
        return ConfigNumbers.integer(json, key, ConfigNumbers.integer(dictionary, key, maxPositions));
    }

    /** Writes it in the spelling that every version of transformers reads. */
    void write(ObjectNode json) {
        json.put("rope_theta", theta);
        if (type.equals(DEFAULT)) {
            return;
        }
        ObjectNode scaling = json.putObject("rope_scaling");
        scaling.put("rope_type", type);
        scaling.put("factor", factor);
        if (type.equals("llama3")) {
            scaling.put("low_freq_factor", lowFrequencyFactor);
            scaling.put("high_freq_factor", highFrequencyFactor);
            scaling.put("original_max_position_embeddings", originalPositions);
        }
    }

    /** f_i in radians per position (headDim / 2), with the same 32-bit steps as transformers. */
    float[] inverseFrequencies(int headDim) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float plain = 1 / (float) Math.pow((float) theta, 2 * i / (float) headDim);
            frequencies[i] = switch (type) {
                case "linear" -> plain / (float) factor;
                case "llama3" -> stretched(plain);
                default -> plain;
            };
        }
        return frequencies;
    }

    private float stretched(float frequency) {
        float wavelength = (1 / frequency) * (float) (2 * Math.PI);
        if (wavelength > (float) (originalPositions / lowFrequencyFactor)) {
            return frequency / (float) factor;
        }
        if (wavelength < (float) (originalPositions / highFrequencyFactor)) {
            return frequency;
        }
        float turns = (1 / wavelength) * originalPositions;
        float smooth = (turns - (float) lowFrequencyFactor) / (float) (highFrequencyFactor - lowFrequencyFactor);
        return (1 - smooth) * frequency / (float) factor + smooth * frequency;
    }
}
