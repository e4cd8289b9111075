package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.domain.Verdict;
import io.foretell.domain.VersionRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Small settings, tasks and groups, and hand-written doubles. */
public final class Fixtures {
    static final int END = 100;
    static final int OPEN = 101;
    static final int CLOSE = 102;

    private Fixtures() {}

    /** A tokenizer of numbers with an end-of-text token and whichever tags it is given. */
    record Numbers(Map<String, Integer> tags, OptionalInt endOfText) implements Tokenizer {
        static final Numbers TAGGED = new Numbers(Map.of("<think>", OPEN, "</think>", CLOSE), OptionalInt.of(END));

        @Override
        public TokenArray encode(String text) {
            return TokenArray.of(text.chars().toArray());
        }

        @Override
        public String decode(TokenArray tokens) {
            return tokens.toString();
        }

        @Override
        public OptionalInt idOf(String token) {
            return tags.containsKey(token) ? OptionalInt.of(tags.get(token)) : OptionalInt.empty();
        }

        @Override
        public OptionalInt beginOfText() {
            return OptionalInt.empty();
        }

        @Override
        public int vocabularySize() {
            return 103;
        }

        @Override
        public String fingerprint() {
            return "numbers";
        }
    }

    /** What a scorer was asked, answered by the table of a test. */
    static final class TableScorer implements Scorer {
        record Question(PolicyRole weights, TokenArray context, TokenArray continuation) {}

        final List<Question> asked = new ArrayList<>();
        private final java.util.function.Function<Question, FloatArray> answers;

        TableScorer(java.util.function.Function<Question, FloatArray> answers) {
            this.answers = answers;
        }

        @Override
        public CompletableFuture<FloatArray> logProbs(PolicyRole weights, TokenArray context, TokenArray continuation) {
            Question question = new Question(weights, context, continuation);
            asked.add(question);
            return CompletableFuture.completedFuture(answers.apply(question));
        }

        @Override
        public CompletableFuture<Verdict> judge(String role, String material) {
            throw new AssertionError("no judge is expected to be asked");
        }
    }

    static ObjectiveSettings settings(int maxPrompt, Map<String, Object> options) {
        return new ObjectiveSettings(Numbers.TAGGED, 4, 0.7f, maxPrompt, 16, options);
    }

    static Document document(String domain) {
        return new Document("doc", "text", domain, Map.of());
    }

    /** Tokens 0 to {@code length - 1}. */
    public static TokenArray counting(int length) {
        return TokenArray.of(IntStream.range(0, length).toArray());
    }

    static Task task(TokenArray prompt, TokenArray target) {
        return new Task("task", "run", 0, "rlp", "doc", prompt, target, 7, -1, Instant.EPOCH);
    }

    static Rollout rollout(int index, FinishReason finish, int forced, int... response) {
        float[] logProbs = new float[response.length];
        for (int i = 0; i < response.length - forced; i++) {
            logProbs[i] = -0.25f * (i + 1) - index;
        }
        return new Rollout(
                index,
                1,
                TokenArray.of(response),
                FloatArray.of(logProbs),
                forced,
                0.7f,
                index,
                finish,
                List.of(new VersionRange(3, 0, response.length)));
    }

    static RolloutGroup group(Task task, Rollout... rollouts) {
        return new RolloutGroup(
                task, TokenArray.EMPTY, -1, List.of(rollouts), "tokenizer", "policy", 0.5, Instant.EPOCH);
    }

    /** A group that was sampled as the objective plans. */
    static RolloutGroup group(Objective objective, Task task, Rollout... rollouts) {
        RolloutGroup group = group(task, rollouts);
        return objective
                .sampling(task.prompt(), task.target())
                .map(group::sampledBy)
                .orElse(group);
    }

    static List<Reward> reward(Objective objective, RolloutGroup group, Scorer scorer) {
        return objective
                .reward(group.task().example(), group.context(), group.rollouts(), scorer)
                .toCompletableFuture()
                .join();
    }

    static Optional<SamplingPlan> sampling(Objective objective, Task task) {
        return objective.sampling(task.prompt(), task.target());
    }

    public static List<Reward> rewards(double... totals) {
        return java.util.Arrays.stream(totals)
                .mapToObj(total -> Reward.of(total, Map.of()))
                .toList();
    }
}
