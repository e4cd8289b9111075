package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private ModelConfig readWith(String key, String value) throws Exception {
        ObjectNode json =
                (ObjectNode) JSON.readTree(TestModels.config("qwen3", 2, true).json());
        if (value.isEmpty()) {
            json.remove(key);
        } else {
            json.set(key, JSON.readTree(value));
        }
        Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(json));
        return ModelConfig.read(folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "qwen2", "llama"})
    void whatIsWrittenIsReadAgain(String modelType) throws Exception {
        ModelConfig config = TestModels.config(modelType, 3, modelType.equals("llama"));
        Files.write(folder.resolve("config.json"), config.json());
        assertThat(ModelConfig.read(folder)).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rope_scaling       | {\"type\":\"linear\",\"factor\":2}      | linear",
                "rope_scaling       | {\"rope_type\":\"yarn\"}               | yarn",
                "rope_parameters    | {\"rope_type\":\"llama3\"}             | llama3",
                "use_sliding_window | true                                   | sliding-window",
                "layer_types        | [\"full_attention\",\"sliding_attention\"] | sliding_attention",
                "attention_bias     | true                                   | attention_bias",
                "mlp_bias           | true                                   | mlp_bias",
                "hidden_act         | \"gelu\"                               | gelu",
                "model_type         | \"gpt2\"                               | gpt2",
                "hidden_size        | \"wide\"                               | hidden_size",
                "vocab_size         | 1e3                                    | vocab_size",
                "num_attention_heads| 0                                      | heads 0",
                "num_key_value_heads| 3                                      | key_value_heads 3",
                "head_dim           | 7                                      | head_dim 7"
            })
    void whatTheProgramDoesNotComputeIsRefused(String key, String value, String complaint) {
        assertThatThrownBy(() -> readWith(key, value))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining(complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rope_scaling    | null",
                "rope_parameters | {\"rope_type\":\"default\",\"rope_theta\":5000}",
                "layer_types     | [\"full_attention\",\"full_attention\"]",
                "sliding_window  | null",
                "pad_token_id    | 3"
            })
    void whatChangesNothingIsAccepted(String key, String value) throws Exception {
        assertThat(readWith(key, value)).isEqualTo(TestModels.config("qwen3", 2, true));
    }

    @Test
    void defaultsAreThoseOfTransformers() throws Exception {
        assertThat(readWith("head_dim", "").headDim()).isEqualTo(128);
        assertThat(readWith("rope_theta", "").ropeTheta()).isEqualTo(10000);
        assertThat(readWith("rope_theta", "null").ropeTheta()).isEqualTo(10000);
        assertThat(readWith("rms_norm_eps", "").normEps()).isEqualTo(1e-6);
        assertThat(readWith("tie_word_embeddings", "").tied()).isFalse();
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
