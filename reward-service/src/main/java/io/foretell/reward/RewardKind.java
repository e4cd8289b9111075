package io.foretell.reward;

import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How one part of a reward is computed: by a rule, or by a judge in a role. */
sealed interface RewardKind permits TextRule, RewardKind.Judged {
    /** The part's name among the reward's components. */
    default String component() {
        return name(getClass());
    }

    /**
     * A judge's verdict.
     *
     * @param role the judge's role, as named in its prompt file
     */
    @JsonTypeName("judge")
    record Judged(String role) implements RewardKind {
        public Judged {
            given("judge", "role", role);
        }

        @Override
        public String component() {
            return "judge_" + role;
        }
    }

    /** Every kind by its name in configuration files, in alphabetical order. */
    static Map<String, Class<? extends RewardKind>> byName() {
        Map<String, Class<? extends RewardKind>> kinds = new TreeMap<>();
        kinds.put(name(Judged.class), Judged.class);
        for (Class<?> rule : TextRule.class.getPermittedSubclasses()) {
            kinds.put(name(rule), rule.asSubclass(RewardKind.class));
        }
        return kinds;
    }

    /** Rejects a part that lacks a key its kind needs. */
    static <T> T given(String kind, String key, @Nullable T value) {
        if (value == null) {
            throw new IllegalArgumentException("reward.rewards: kind '" + kind + "' needs '" + key + "'");
        }
        return value;
    }

    private static String name(Class<?> kind) {
        return kind.getAnnotation(JsonTypeName.class).value();
    }
}
