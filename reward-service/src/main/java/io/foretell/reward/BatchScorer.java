package io.foretell.reward;

import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Verdict;
import io.foretell.objectives.Scorer;
import io.foretell.policy.Policy;
import io.foretell.policy.Score;
import io.foretell.policy.ScoreRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The {@link Scorer} of one batch of groups: collects questions, removes duplicates, and answers them together.
 * Confined to the reward worker's thread, except {@link #answers}, which runs on the policy's.
 */
final class BatchScorer implements Scorer {
    private record Question(PolicyRole weights, ScoreRequest request) {}

    private final JudgeRouter roles;
    private final Map<Question, CompletableFuture<FloatArray>> questions = new LinkedHashMap<>();

    BatchScorer(JudgeRouter roles) {
        this.roles = roles;
    }

    @Override
    public CompletableFuture<FloatArray> logProbs(PolicyRole weights, TokenArray context, TokenArray continuation) {
        Question question = new Question(weights, new ScoreRequest(context, continuation));
        return questions.computeIfAbsent(question, unused -> new CompletableFuture<>());
    }

    @Override
    public CompletableFuture<Verdict> judge(String role, String material) {
        return judge(role, Map.of("text", material));
    }

    @Override
    public CompletableFuture<Verdict> judge(String role, Map<String, String> material) {
        return roles.ask(role, material);
    }

    boolean isEmpty() {
        return questions.isEmpty();
    }

    /** Model tokens needed to answer the collected questions. */
    long tokens() {
        return questions.keySet().stream()
                .mapToLong(q -> q.request().context().length()
                        + q.request().continuation().length())
                .sum();
    }

    /** Answers to all collected questions, in order; called on the policy's thread. */
    List<FloatArray> answers(Policy policy) {
        FloatArray[] answers = new FloatArray[questions.size()];
        for (PolicyRole weights : PolicyRole.values()) {
            List<Integer> places = new ArrayList<>();
            List<ScoreRequest> requests = new ArrayList<>();
            int place = 0;
            for (Question question : questions.keySet()) {
                if (question.weights() == weights) {
                    places.add(place);
                    requests.add(question.request());
                }
                place++;
            }
            List<Score> scores = policy.score(weights, requests);
            for (int i = 0; i < places.size(); i++) {
                answers[places.get(i)] = scores.get(i).logProbs();
            }
        }
        return List.of(answers);
    }

    /** Completes the futures of the questions. */
    void complete(List<FloatArray> answers) {
        int place = 0;
        for (CompletableFuture<FloatArray> question : questions.values()) {
            question.complete(answers.get(place++));
        }
    }
}
