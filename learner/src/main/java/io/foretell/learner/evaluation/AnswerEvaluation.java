package io.foretell.learner.evaluation;

import io.foretell.domain.Example;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Rollout;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Verdict;
import io.foretell.objectives.Objective;
import io.foretell.objectives.Scorer;
import io.foretell.policy.Completion;
import io.foretell.policy.Policy;
import io.foretell.policy.ScoreRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Held-out measures where a response states its answer, so that the objective's own reward says what is right.
 *
 * <pre>accuracy_with_thought = mean over documents of mean_i r_i      r in {0, 1}</pre>
 *
 * <p>with a 95 % interval over documents (normal approximation). There is no accuracy where only a judge could tell whether
 * an answer is right. Without a thought a document counts as right when all that the objective then asks for is the most
 * likely, token by token. Confined to the learner's thread.
 */
final class AnswerEvaluation {
    private final Policy policy;
    private final Objective objective;

    AnswerEvaluation(Policy policy, Objective objective) {
        this.policy = policy;
        this.objective = objective;
    }

    /** @param samples of each question, in order */
    Map<String, Double> measures(List<Evaluation.Question> questions, List<List<Completion>> samples) {
        double[] accuracies = new double[questions.size()];
        boolean areKnown = true;
        double without = 0;
        double length = 0;
        double truncated = 0;
        long drawn = 0;
        for (int q = 0; q < accuracies.length; q++) {
            Evaluation.Question question = questions.get(q);
            Example unaided = objective.withoutThought(question.example());
            List<ScoreRequest> plain = List.of(new ScoreRequest(unaided.prompt(), unaided.target()));
            without += policy.score(PolicyRole.LIVE, plain).get(0).allGreedy() ? 1 : 0;
            for (Reward reward : rewards(question, samples.get(q))) {
                accuracies[q] += reward.total() / samples.get(q).size();
                areKnown &= reward.isOk();
            }
            for (Completion sample : samples.get(q)) {
                length += sample.tokens().length();
                truncated += sample.finishReason() == FinishReason.LENGTH ? 1 : 0;
                drawn++;
            }
        }
        Map<String, Double> measures = new LinkedHashMap<>();
        if (areKnown) {
            ConfidenceInterval.of(accuracies).within(0, 1).put("accuracy_with_thought", measures);
        }
        measures.put(Evaluation.PREFIX + "accuracy_without_thought", without / accuracies.length);
        measures.put(Evaluation.PREFIX + "response_length", length / drawn);
        measures.put(Evaluation.PREFIX + "truncated", truncated / drawn);
        return measures;
    }

    private List<Reward> rewards(Evaluation.Question question, List<Completion> samples) {
        List<Rollout> rollouts = new ArrayList<>();
        for (Completion sample : samples) {
            rollouts.add(new Rollout(
                    rollouts.size(),
                    1,
                    sample.tokens(),
                    sample.logProbs(),
                    0,
                    question.plan().temperature(),
                    sample.seed(),
                    sample.finishReason(),
                    sample.versions()));
        }
        return objective
                .reward(question.example(), question.plan().context(), rollouts, new AtOnce())
                .toCompletableFuture()
                .join();
    }

    /** Answers each question when it is asked, all by the live weights; there is no judge. */
    private final class AtOnce implements Scorer {
        @Override
        public CompletableFuture<FloatArray> logProbs(PolicyRole weights, TokenArray context, TokenArray continuation) {
            List<ScoreRequest> request = List.of(new ScoreRequest(context, continuation));
            return CompletableFuture.completedFuture(
                    policy.score(PolicyRole.LIVE, request).get(0).logProbs());
        }

        @Override
        public CompletableFuture<Verdict> judge(String role, String material) {
            return judge(role, Map.of());
        }

        @Override
        public CompletableFuture<Verdict> judge(String role, Map<String, String> material) {
            return CompletableFuture.completedFuture(
                    new Verdict(RewardStatus.SKIPPED, 0, "no judge is asked about held-out documents"));
        }
    }
}
