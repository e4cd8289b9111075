package io.foretell.policy;

import io.foretell.huggingface.ModelConfig;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The decoder as the papers write it, slowly and in double precision: RMS norm (arXiv 1910.07467), rotary embedding
 * (2104.09864, halves rotated as in Hugging Face), grouped-query attention (2305.13245), SwiGLU (2002.05202), and
 * qwen3's norm of queries and keys or qwen2's biases; layers may see only a window or no positions. One position at a
 * time, no cache, no batch.
 */
final class ReferenceDecoder {
    private final ModelConfig config;
    private final Map<String, double[]> weights = new HashMap<>();

    ReferenceDecoder(ModelConfig config, List<float[]> values) {
        this.config = config;
        for (int i = 0; i < values.size(); i++) {
            float[] narrow = values.get(i);
            double[] wide = new double[narrow.length];
            for (int j = 0; j < narrow.length; j++) {
                wide[j] = narrow[j];
            }
            weights.put(config.parameters().get(i).name(), wide);
        }
    }

    /** The values of one tensor, row by row; changing them changes the model. */
    double[] weight(String name) {
        return weights.get(name);
    }

    /** Logits (T, V) of the token after each position. */
    double[][] logits(int[] tokens) {
        double[][] stream = new double[tokens.length][]; // (T, D)
        for (int t = 0; t < tokens.length; t++) {
            stream[t] = slice(weights.get("model.embed_tokens.weight"), tokens[t], config.width());
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = "model.layers." + layer + ".";
            double[][] attended =
                    attention(layer, name + "self_attn.", normed(stream, name + "input_layernorm.weight"));
            stream = sum(stream, attended);
            double[][] fed = feedForward(name + "mlp.", normed(stream, name + "post_attention_layernorm.weight"));
            stream = sum(stream, fed);
        }
        String head = config.tied() ? "model.embed_tokens.weight" : "lm_head.weight";
        return product(normed(stream, "model.norm.weight"), head);
    }

    /** log p(tokens[t] | tokens before t) at temperature 1; entry 0 is 0. */
    double[] logProbs(int[] tokens) {
        double[][] logits = logits(tokens);
        double[] logProbs = new double[tokens.length];
        for (int t = 1; t < tokens.length; t++) {
            logProbs[t] = logProb(logits[t - 1], tokens[t], 1, -1);
        }
        return logProbs;
    }

    /** log softmax(logits / temperature) at {@code token} after {@code forbidden} (or -1) was taken out. */
    static double logProb(double[] logits, int token, double temperature, int forbidden) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < logits.length; v++) {
            largest = v == forbidden ? largest : Math.max(largest, logits[v] / temperature);
        }
        double total = 0;
        for (int v = 0; v < logits.length; v++) {
            total += v == forbidden ? 0 : Math.exp(logits[v] / temperature - largest);
        }
        return logits[token] / temperature - largest - Math.log(total);
    }

    private double[][] attention(int layer, String name, double[][] x) {
        int size = config.headDim();
        int window = config.windows()[layer] == 0 ? x.length : config.windows()[layer];
        boolean rotary = config.rotary()[layer];
        double[][] queries = product(x, name + "q_proj.weight"); // (T, H*Dh)
        double[][] keys = product(x, name + "k_proj.weight"); // (T, K*Dh)
        double[][] values = product(x, name + "v_proj.weight"); // (T, K*Dh)
        if (config.qkvBias()) {
            addBias(queries, name + "q_proj.bias");
            addBias(keys, name + "k_proj.bias");
            addBias(values, name + "v_proj.bias");
        }
        double[][] joined = new double[x.length][config.heads() * size];
        for (int head = 0; head < config.heads(); head++) {
            int shared = head / (config.heads() / config.kvHeads());
            for (int t = 0; t < x.length; t++) {
                double[] query = placed(slice(queries[t], head, size), rotary ? t : 0, name + "q_norm.weight");
                double[] scores = new double[t + 1];
                double total = 0;
                int oldest = Math.max(0, t - window + 1);
                for (int s = oldest; s <= t; s++) {
                    double[] key = placed(slice(keys[s], shared, size), rotary ? s : 0, name + "k_norm.weight");
                    scores[s] = Math.exp(dot(query, key) / Math.sqrt(size));
                    total += scores[s];
                }
                for (int s = oldest; s <= t; s++) {
                    double[] value = slice(values[s], shared, size);
                    for (int d = 0; d < size; d++) {
                        joined[t][head * size + d] += scores[s] / total * value[d];
                    }
                }
            }
        }
        return product(joined, name + "o_proj.weight");
    }

    /** A query or key normed (qwen3) and rotated to its position. */
    private double[] placed(double[] x, int position, String norm) {
        double[] y = config.qkNorm() ? rmsNorm(x, weights.get(norm)) : x;
        int half = y.length / 2;
        float[] frequencies = config.inverseFrequencies();
        double[] rotated = new double[y.length];
        for (int i = 0; i < half; i++) {
            double angle = position * (double) frequencies[i];
            rotated[i] = y[i] * Math.cos(angle) - y[i + half] * Math.sin(angle);
            rotated[i + half] = y[i + half] * Math.cos(angle) + y[i] * Math.sin(angle);
        }
        return rotated;
    }

    private double[][] feedForward(String name, double[][] x) {
        double[][] gate = product(x, name + "gate_proj.weight"); // (T, F)
        double[][] up = product(x, name + "up_proj.weight"); // (T, F)
        for (int t = 0; t < x.length; t++) {
            for (int f = 0; f < up[t].length; f++) {
                up[t][f] *= gate[t][f] / (1 + Math.exp(-gate[t][f]));
            }
        }
        return product(up, name + "down_proj.weight");
    }

    private double[][] normed(double[][] x, String name) {
        double[][] y = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            y[t] = rmsNorm(x[t], weights.get(name));
        }
        return y;
    }

    private double[] rmsNorm(double[] x, double[] gain) {
        double scale = 1 / Math.sqrt(dot(x, x) / x.length + config.normEps());
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i] * scale * gain[i];
        }
        return y;
    }

    /** x W' for a weight of shape (out, in). */
    private double[][] product(double[][] x, String name) {
        double[] weight = weights.get(name);
        int in = x[0].length;
        double[][] y = new double[x.length][weight.length / in];
        for (int t = 0; t < x.length; t++) {
            for (int o = 0; o < y[t].length; o++) {
                double sum = 0;
                for (int i = 0; i < in; i++) {
                    sum += x[t][i] * weight[o * in + i];
                }
                y[t][o] = sum;
            }
        }
        return y;
    }

    private void addBias(double[][] x, String name) {
        double[] bias = weights.get(name);
        for (double[] y : x) {
            for (int i = 0; i < bias.length; i++) {
                y[i] += bias[i];
            }
        }
    }

    private static double[][] sum(double[][] a, double[][] b) {
        double[][] c = new double[a.length][a[0].length];
        for (int t = 0; t < a.length; t++) {
            for (int i = 0; i < a[t].length; i++) {
                c[t][i] = a[t][i] + b[t][i];
            }
        }
        return c;
    }

    private static double[] slice(double[] x, int index, int size) {
        return Arrays.copyOfRange(x, index * size, (index + 1) * size);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
