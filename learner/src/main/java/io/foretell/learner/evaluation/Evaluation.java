package io.foretell.learner.evaluation;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.FinishReason;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.TokenArray;
import io.foretell.objectives.Objective;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.SamplingParameters;
import io.foretell.policy.Score;
import io.foretell.policy.ScoreRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Held-out measures of the live policy: what a thought is worth on documents that were never trained on.
 *
 * <pre>
 * information_gain = mean over documents of mean_i [ log p(next | prefix, thought_i) - log p(next | prefix) ]
 * </pre>
 *
 * both under the live weights, in nats per scored token, with a 95 % interval over documents (normal approximation).
 * Accuracy counts a prediction as right when the true token is the most likely one; where responses state their answer
 * themselves, {@link AnswerEvaluation} say what is right and there is no information gain. The same documents are cut at
 * the same positions and thoughts are drawn with the same seeds every time. {@link ContinuationEvaluation} measures what the model
 * writes on by itself. Confined to the learner's thread.
 */
public final class Evaluation {
    static final String PREFIX = "heldout/";
    static final long SEED = 0x5eed;

    private final Policy policy;
    private final Objective objective;
    private final EvaluationSettings settings;
    private final @Nullable ContinuationEvaluation writtenOn;

    /** @param objective of the run's last phase: its cuts, its thoughts */
    public Evaluation(Policy policy, Objective objective, EvaluationSettings settings) {
        this.policy = policy;
        this.objective = objective;
        this.settings = settings;
        this.writtenOn = settings.continuations().isMeasured()
                ? new ContinuationEvaluation(policy, settings.continuations(), settings.samples())
                : null;
    }

    /** What a held-out document is asked, and how thoughts about it are sampled. */
    record Question(Example example, SamplingPlan plan) {}

    /** Measures by name; empty where there is no held-out document yet. */
    public Map<String, Double> run(HeldOutDocuments documents) {
        Map<String, Double> measures = new LinkedHashMap<>();
        List<Question> questions = objective.isThinking() ? questions(documents.toThinkAbout()) : List.of();
        if (!questions.isEmpty()) {
            thoughts(questions, measures);
        }
        if (writtenOn != null) {
            measures.putAll(writtenOn.measures(documents.beginnings()));
        }
        List<ScoreRequest> texts = new ArrayList<>();
        for (Document document : documents.texts()) {
            TokenArray tokens = policy.tokenizer().encodeDocument(document.text());
            if (tokens.length() >= 2) {
                TokenArray start = tokens.slice(
                        0, Math.min(tokens.length(), policy.config().maxPositions()));
                texts.add(new ScoreRequest(start.slice(0, 1), start.slice(1, start.length())));
            }
        }
        if (!texts.isEmpty()) {
            double nats = 0;
            long tokens = 0;
            for (Score score : policy.score(PolicyRole.LIVE, texts)) {
                nats -= score.logProbs().sum();
                tokens += score.logProbs().length();
            }
            measures.put(PREFIX + "no_thought_loss", nats / tokens);
        }
        return measures;
    }

    private List<Question> questions(List<Document> documents) {
        List<Question> questions = new ArrayList<>();
        for (Document document : documents) {
            TokenArray tokens = policy.tokenizer().encodeDocument(document.text());
            SplittableRandom random = new SplittableRandom(document.text().hashCode());
            objective.heldOutExamples(document, tokens, random).stream()
                    .findFirst()
                    .ifPresent(example -> objective
                            .sampling(example.prompt(), example.target())
                            .ifPresent(plan -> questions.add(new Question(example, plan))));
        }
        return questions;
    }

    private void thoughts(List<Question> questions, Map<String, Double> measures) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int q = 0; q < questions.size(); q++) {
            SamplingPlan plan = questions.get(q).plan();
            List<Long> seeds = new ArrayList<>();
            for (int i = 0; i < settings.samples(); i++) {
                seeds.add(SEED + 1000L * q + i);
            }
            requests.add(new GenerationRequest(
                    plan.context(),
                    seeds,
                    SamplingParameters.plain(
                            plan.temperature(), plan.minTokens(), plan.maxTokens(), plan.stopToken())));
        }
        List<List<Completion>> samples = policy.generate(requests);
        if (objective.hasAnswerInResponse()) {
            measures.putAll(new AnswerEvaluation(policy, objective).measures(questions, samples));
        } else {
            predictions(questions, samples, measures);
        }
    }

    private void predictions(List<Question> questions, List<List<Completion>> samples, Map<String, Double> measures) {
        List<ScoreRequest> scored = new ArrayList<>();
        double length = 0;
        double truncated = 0;
        for (int q = 0; q < questions.size(); q++) {
            Question question = questions.get(q);
            scored.add(new ScoreRequest(
                    question.example().prompt(), question.example().target()));
            for (Completion sample : samples.get(q)) {
                boolean cutOff = sample.finishReason() == FinishReason.LENGTH;
                TokenArray context = question.plan().context().concat(sample.tokens());
                if (cutOff && question.plan().forceStop()) {
                    context = context.append(question.plan().stopToken());
                }
                scored.add(new ScoreRequest(context, question.example().target()));
                length += cutOff ? sample.tokens().length() : sample.tokens().length() - 1;
                truncated += cutOff ? 1 : 0;
            }
        }
        summarize(questions, policy.score(PolicyRole.LIVE, scored), measures);
        double drawn = (double) questions.size() * settings.samples();
        measures.put(PREFIX + "thought_length", length / drawn);
        measures.put(PREFIX + "truncated", truncated / drawn);
    }

    /** @param scores per question: without a thought, then with each of its thoughts */
    private void summarize(List<Question> questions, List<Score> scores, Map<String, Double> measures) {
        double[] gains = new double[questions.size()];
        double rightWith = 0;
        double rightWithout = 0;
        int at = 0;
        for (int q = 0; q < gains.length; q++) {
            Score without = scores.get(at++);
            rightWithout += without.allGreedy() ? 1 : 0;
            for (int i = 0; i < settings.samples(); i++) {
                Score with = scores.get(at++);
                rightWith += with.allGreedy() ? 1 : 0;
                double gain = with.logProbs().sum() - without.logProbs().sum();
                gains[q] += gain / with.logProbs().length() / settings.samples();
            }
        }
        ConfidenceInterval.of(gains).put("information_gain", measures);
        measures.put(PREFIX + "accuracy_with_thought", rightWith / gains.length / settings.samples());
        measures.put(PREFIX + "accuracy_without_thought", rightWithout / gains.length);
    }
}
