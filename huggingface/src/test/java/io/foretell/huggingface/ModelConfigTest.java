package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {
    /** Four query heads on two key-value heads, heads that do not divide the width where allowed. */
    private static ModelConfig decoder(String modelType, int layers, boolean tied) {
        return new ModelConfig(modelType, 24, layers, 4, 2, 8, 20, 263, 512, 1e-5, 5000, tied);
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private ModelConfig readQwen3(String key, String value) throws Exception {
        return readWith("qwen3", "{\"" + key + "\":" + (value.isEmpty() ? "\"absent\"" : value) + "}");
    }

    /** @param changes keys to set, or to leave out where the value is "absent" */
    private ModelConfig readWith(String modelType, String changes) throws Exception {
        ObjectNode json = (ObjectNode) JSON.readTree(decoder(modelType, 4, true).json());
        JSON.readTree(changes).properties().forEach(change -> {
            json.set(change.getKey(), change.getValue());
            if (change.getValue().asText().equals("absent")) {
                json.remove(change.getKey());
            }
        });
        Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(json));
        return ModelConfig.read(folder);
    }

    private void assertWrittenAsRead(ModelConfig config) throws Exception {
        Files.write(folder.resolve("config.json"), config.json());
        assertThat(ModelConfig.read(folder)).isEqualTo(config);
        assertThat(ModelConfig.read(folder).json()).isEqualTo(config.json());
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "qwen2", "llama", "mistral", "smollm3"})
    void whatIsWrittenIsReadAgain(String modelType) throws Exception {
        assertWrittenAsRead(decoder(modelType, 3, modelType.equals("llama")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rope_scaling       | {\"type\":\"dynamic\",\"factor\":2}     | 'rope_scaling' has the type 'dynamic'",
                "rope_scaling       | {\"rope_type\":\"yarn\"}               | 'rope_scaling' has the type 'yarn'",
                "rope_parameters    | {\"rope_type\":\"longrope\"}           | 'rope_parameters' has the type 'longrope'",
                "rope_parameters    | {\"rope_type\":\"llama3\"}             | factor",
                "rope_scaling       | {\"type\":\"linear\"}                  | factor",
                "rope_scaling       | {\"type\":\"linear\",\"factor\":0}      | factor",
                "rope_scaling       | \"linear\"                            | rope_scaling",
                "rope_scaling       | {\"full_attention\":{\"factor\":2}}    | rope_scaling",
                "rope_theta         | -1                                    | rope_theta",
                "rope_theta         | \"big\"                               | rope_theta",
                "partial_rotary_factor | 0.5                                | partial_rotary_factor",
                "layer_types        | [\"full_attention\",\"full_attention\"] | layer_types",
                "layer_types        | [\"full_attention\",\"sliding_attention\",\"full_attention\",\"full_attention\"] | layer_types",
                "layer_types        | [\"chunked_attention\",\"full_attention\",\"full_attention\",\"full_attention\"] | chunked_attention",
                "use_sliding_window | \"yes\"                               | use_sliding_window",
                "attention_bias     | true                                   | attention_bias",
                "hidden_act         | \"gelu\"                               | gelu",
                "quantization_config| {\"quant_method\":\"gptq\"}             | quantization_config",
                "model_type         | \"gpt2\"                               | gpt2",
                "hidden_size        | \"wide\"                               | hidden_size",
                "vocab_size         | 1e3                                    | vocab_size",
                "rms_norm_eps       | \"small\"                              | rms_norm_eps",
                "num_attention_heads| 0                                      | heads 0",
                "num_key_value_heads| 3                                      | key_value_heads 3",
                "head_dim           | 7                                      | head_dim 7"
            })
    void whatTheProgramDoesNotComputeIsRefused(String key, String value, String complaint) {
        assertRefused("qwen3", "{\"" + key + "\":" + value + "}", complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "llama   | {\"mlp_bias\":true}                                        | mlp_bias",
                "llama   | {\"attention_bias\":true}                                  | attention_bias",
                "llama   | {\"layer_types\":[\"sliding_attention\",\"full_attention\",\"full_attention\",\"full_attention\"]} | layer_types",
                "smollm3 | {\"mlp_bias\":true}                                        | mlp_bias",
                "smollm3 | {\"no_rope_layers\":[1,0]}                                 | no_rope_layers",
                "smollm3 | {\"no_rope_layers\":null,\"no_rope_layer_interval\":0}     | no_rope_layer_interval",
                "smollm3 | {\"use_sliding_window\":true,\"sliding_window\":0}         | sliding_window",
                "mistral | {\"sliding_window\":-4}                                    | sliding_window",
                "mistral | {\"layer_types\":[\"full_attention\"]}                     | layer_types"
            })
    void whatIsNotComputedForOneArchitectureIsRefused(String modelType, String changes, String complaint) {
        assertRefused(modelType, changes, complaint);
    }

    private void assertRefused(String modelType, String changes, String complaint) {
        assertThatThrownBy(() -> readWith(modelType, changes))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining(complaint)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rope_scaling    | null",
                "rope_scaling    | {\"rope_type\":\"default\"}",
                "rope_parameters | {\"rope_type\":\"default\",\"rope_theta\":5000}",
                "layer_types     | [\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\"]",
                "sliding_window  | 4096",
                "hidden_act      | \"swish\"",
                "mlp_bias        | true",
                "partial_rotary_factor | 1.0"
            })
    void whatChangesNothingIsAccepted(String key, String value) throws Exception {
        assertThat(readQwen3(key, value))
                .usingRecursiveComparison()
                .ignoringFields("others")
                .isEqualTo(decoder("qwen3", 4, true));
    }

    @Test
    void keysWithoutAMeaningHereAreCarried() throws Exception {
        ModelConfig config = readWith(
                "qwen3",
                "{\"eos_token_id\":[3,4],\"initializer_range\":0.02,\"dtype\":\"bfloat16\",\"a\":{\"b\":null}}");
        assertWrittenAsRead(config);
        JsonNode written = JSON.readTree(config.json());
        assertThat(written.path("eos_token_id")).hasSize(2);
        assertThat(written.path("bos_token_id").isNull()).isTrue();
        assertThat(written.path("initializer_range").asDouble()).isEqualTo(0.02);
        assertThat(written.path("a").has("b")).isTrue();
        assertThat(written.has("dtype")).isFalse();
        assertThat(written.path("torch_dtype").asText()).isEqualTo("float32");
    }

    @Test
    void bothSpellingsOfScaledRopeAreTheSame() throws Exception {
        String scaling = "\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
                + "\"original_max_position_embeddings\":128";
        ModelConfig old = readWith("llama", "{\"rope_theta\":7000.0,\"rope_scaling\":{" + scaling + "}}");
        ModelConfig recent = readWith(
                "llama", "{\"rope_theta\":\"absent\",\"rope_parameters\":{\"rope_theta\":7000.0," + scaling + "}}");
        assertThat(old.rope()).isEqualTo(new Rope(7000, "llama3", 8, 1, 4, 128));
        assertThat(recent).isEqualTo(old);
        assertWrittenAsRead(old);
        ModelConfig linear = readWith("qwen2", "{\"rope_scaling\":{\"type\":\"linear\",\"factor\":4}}");
        assertThat(linear.rope()).isEqualTo(new Rope(5000, "linear", 4, 0, 0, 0));
        assertThat(linear.inverseFrequencies()[0]).isEqualTo(0.25f);
        assertWrittenAsRead(linear);
    }

    @Test
    void scaledFrequenciesKeepShortWavelengthsAndStretchLongOnes() {
        Rope plain = Rope.of(10_000);
        float[] before = plain.inverseFrequencies(16);
        float[] after = new Rope(10_000, "llama3", 8, 1, 4, 128).inverseFrequencies(16);
        for (int i = 0; i < before.length; i++) {
            double wavelength = 2 * Math.PI / before[i];
            if (wavelength < 32) {
                assertThat(after[i]).isEqualTo(before[i]);
            } else if (wavelength > 128) {
                assertThat(after[i]).isEqualTo(before[i] / 8);
            } else {
                assertThat(after[i]).isBetween(before[i] / 8, before[i]);
            }
        }
    }

    @Test
    void slidingLayersAreThoseOfTransformers() throws Exception {
        String on = "\"use_sliding_window\":true,\"layer_types\":\"absent\",\"sliding_window\":";
        assertThat(readWith("qwen2", "{" + on + "7,\"max_window_layers\":1}").windows())
                .containsExactly(0, 7, 7, 7);
        assertThat(readWith("qwen2", "{" + on + "7}").windows()).containsExactly(0, 0, 0, 0);
        assertThat(readWith("qwen3", "{" + on + "null,\"max_window_layers\":1}").windows())
                .containsExactly(0, 0, 0, 0);
        assertThat(readWith("qwen3", "{" + on + "\"absent\",\"max_window_layers\":3}")
                        .windows())
                .containsExactly(0, 0, 0, 4096);
        ModelConfig named = readWith(
                "qwen3",
                "{\"use_sliding_window\":true,\"sliding_window\":9,\"layer_types\":[\"full_attention\","
                        + "\"sliding_attention\",\"full_attention\",\"sliding_attention\"]}");
        assertThat(named.windows()).containsExactly(0, 9, 0, 9);
        assertWrittenAsRead(named);
        ModelConfig mistral = readWith("mistral", "{\"sliding_window\":5}");
        assertThat(mistral.windows()).containsExactly(5, 5, 5, 5);
        assertWrittenAsRead(mistral);
        assertThat(readWith("mistral", "{\"sliding_window\":\"absent\"}").windows())
                .containsExactly(4096, 4096, 4096, 4096);
        assertThat(readWith("mistral", "{\"sliding_window\":null}").windows()).containsExactly(0, 0, 0, 0);
        assertThat(readWith("llama", "{\"sliding_window\":5}").windows()).containsExactly(0, 0, 0, 0);
    }

    @Test
    void layersWithoutPositionsAreThoseOfTransformers() throws Exception {
        ModelConfig usual = readWith("smollm3", "{\"no_rope_layers\":\"absent\"}");
        assertThat(usual.rotary()).containsExactly(true, true, true, false);
        assertThat(usual.windows()).containsExactly(0, 0, 0, 0);
        ModelConfig odd = readWith("smollm3", "{\"no_rope_layers\":null,\"no_rope_layer_interval\":2}");
        assertThat(odd.rotary()).containsExactly(true, false, true, false);
        ModelConfig sliding = readWith(
                "smollm3",
                "{\"no_rope_layers\":[0,1,1,0],\"use_sliding_window\":true,\"sliding_window\":6,"
                        + "\"layer_types\":null}");
        assertThat(sliding.rotary()).containsExactly(false, true, true, false);
        assertThat(sliding.windows()).containsExactly(6, 0, 0, 6);
        assertWrittenAsRead(sliding);
        assertThat(readWith("qwen3", "{}").rotary()).containsExactly(true, true, true, true);
    }

    @Test
    void defaultsAreThoseOfTransformers() throws Exception {
        assertThat(readQwen3("head_dim", "").headDim()).isEqualTo(128);
        assertThat(readQwen3("rope_theta", "").ropeTheta()).isEqualTo(10000);
        assertThat(readQwen3("rope_theta", "null").ropeTheta()).isEqualTo(10000);
        assertThat(readQwen3("rms_norm_eps", "").normEps()).isEqualTo(1e-6);
        assertThat(readQwen3("tie_word_embeddings", "").tied()).isFalse();
        assertThat(readQwen3("max_position_embeddings", "").maxPositions()).isEqualTo(32768);
        assertThat(readWith("llama", "{\"head_dim\":\"absent\"}").headDim()).isEqualTo(6);
        assertThat(readWith("llama", "{\"num_key_value_heads\":\"absent\"}").kvHeads())
                .isEqualTo(4);
        assertThat(readWith("smollm3", "{\"num_key_value_heads\":\"absent\"}").kvHeads())
                .isEqualTo(4);
        assertThat(readWith("qwen2", "{\"num_key_value_heads\":null}").kvHeads())
                .isEqualTo(4);
        assertRefused("mistral", "{\"num_key_value_heads\":\"absent\"}", "key_value_heads 8");
        assertThat(readWith("smollm3", "{\"rope_theta\":\"absent\"}").ropeTheta())
                .isEqualTo(2_000_000);
        assertThat(readWith("smollm3", "{\"tie_word_embeddings\":\"absent\"}").tied())
                .isTrue();
    }

    @Test
    void theLargestSizeIsThatOfQwen() {
        ModelConfig config = ModelConfig.ofSize("qwen3", "0.6b", 151_936);
        assertThat(config.parameterCount()).isEqualTo(596_049_920L);
        assertThatThrownBy(() -> ModelConfig.ofSize("qwen3", "7b", 10))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("[micro, nano, tiny, small, 29m, 125m, 0.6b]");
    }

    @Test
    void aFolderWithoutConfigurationIsNamed() throws Exception {
        assertThatThrownBy(() -> ModelConfig.read(folder)).isInstanceOf(PolicyException.class);
        assertThatThrownBy(() -> ModelConfig.read(folder.resolve("nowhere"))).isInstanceOf(PolicyException.class);
        for (String text : new String[] {"", "{", "[]", "no JSON", "3"}) {
            Files.writeString(folder.resolve("config.json"), text);
            assertThatThrownBy(() -> ModelConfig.read(folder))
                    .as(text)
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("config.json");
        }
    }
}
