package io.foretell.objectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The registry of methods. */
class ObjectivesTest {
    private static final Objectives BUILT_IN = Objectives.builtIn();

    /** What a method cannot do without. */
    private static final Map<String, Map<String, Object>> NEEDED = Map.of(
            "phf-awr", Map.of("banned", List.of("x")),
            "phf-conditional", Map.of("banned", List.of("x")),
            "phf-filtering", Map.of("banned", List.of("x")),
            "phf-rwr", Map.of("banned", List.of("x")),
            "phf-unlikelihood", Map.of("banned", List.of("x")),
            "ul2", Map.of("sentinels", List.of("<0>", "<1>")));

    private record Named(String name) implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return new ObjectiveDescription(name, "", "", List.of());
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            throw new AssertionError("no method is made of " + this);
        }
    }

    static Iterable<String> names() {
        return BUILT_IN.names();
    }

    @Test
    void foretellBringsThirteenMethods() {
        assertThat(BUILT_IN.names())
                .containsExactly(
                        "ntp",
                        "phf-awr",
                        "phf-conditional",
                        "phf-filtering",
                        "phf-rwr",
                        "phf-unlikelihood",
                        "pretrainzero",
                        "rlp",
                        "rlpt",
                        "rpt",
                        "rpt-cold-start",
                        "self-improving",
                        "ul2");
    }

    private static ObjectiveSettings settings(Map<String, Object> options) {
        Map<String, Integer> tags = new HashMap<>();
        for (String tag : List.of("<think>", "</think>", "<|aligned|>", "<|misaligned|>", "<0>", "<1>")) {
            tags.put(tag, 200 + tags.size());
        }
        return new ObjectiveSettings(new Fixtures.Numbers(tags, OptionalInt.of(100)), 4, 1f, 64, 16, options);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aMethodThatSamplesSaysWhatItsRewardsMeasure(String name) {
        Objective method = BUILT_IN.create(name, settings(NEEDED.getOrDefault(name, Map.of())));

        assertThat(!method.rewardUnit().isEmpty()).isEqualTo(method.isSampled());
    }

    @Test
    void theUnitOfSelfImprovingRewardsFollowsItsScores() {
        assertThat(BUILT_IN.create("self-improving", settings(Map.of())).rewardUnit())
                .isEqualTo("pairwise win rate, 0 to 1");
        assertThat(BUILT_IN.create("self-improving", settings(Map.of("score", List.of("quality", "safety"))))
                        .rewardUnit())
                .isEqualTo("quality + safety, each 0 to 1");
    }

    @ParameterizedTest
    @MethodSource("names")
    void theOptionsOfADescriptionAreThoseThatTheMethodReads(String name) {
        Map<String, Object> options = new HashMap<>(NEEDED.getOrDefault(name, Map.of()));
        assertThat(BUILT_IN.create(name, settings(options)).description()).isEqualTo(BUILT_IN.description(name));

        options.put("no_such_option", 1);
        Throwable refusal = catchThrowable(() -> BUILT_IN.create(name, settings(options)));
        String known = refusal.getMessage().replaceAll(".*it knows \\[(.*)]", "$1");

        assertThat(new TreeSet<>(BUILT_IN.description(name).options()))
                .isEqualTo(new TreeSet<>(Arrays.asList(known.split(", "))));
    }

    @Test
    void aMethodFromElsewhereIsFoundBesideTheBuiltInOnes() {
        ObjectiveProvider other = new Named("surprise");

        assertThat(BUILT_IN.with(List.of(other)).description("surprise")).isEqualTo(other.description());
    }

    @Test
    void aSecondMethodOfTheSameNameIsRefused() {
        assertThatThrownBy(() -> BUILT_IN.with(List.of(new Named("rlp"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("two methods are called 'rlp'")
                .hasMessageContaining(Rlp.Provider.class.getName())
                .hasMessageContaining(Named.class.getName());
    }

    @Test
    void aNameThatConfigurationFilesCannotHaveIsRefused() {
        assertThatThrownBy(() -> new Named("My Method").description()).hasMessageContaining("lower-case letters");
    }
}
