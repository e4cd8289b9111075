package io.foretell.launcher;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.PolicyException;
import io.foretell.lab.bench.ModelPeak;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.MicroBatchResult;
import io.foretell.policy.OptimizerSettings;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.policy.SamplingParameters;
import io.foretell.policy.Score;
import io.foretell.policy.ScoreRequest;
import io.foretell.server.PolicyOrigin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A random model in a scratch folder that samples, scores and learns once in a given precision. Confined to one
 * thread.
 */
final class PolicySelfTest {
    private static final int PEAK_SIZE = 1024;
    private static final OptimizerSettings STEP = new OptimizerSettings(1e-3, 0.9, 0.95, 1e-8, 0, 1, 0.9);

    private final Path folder;

    PolicySelfTest(Path folder) {
        this.folder = folder;
    }

    /** @throws PolicyException with what is wrong */
    String run(Precision precision) {
        try (Policy policy = open(precision)) {
            TokenArray prompt = policy.tokenizer().encode("The quick brown fox");
            Completion sample = policy.generate(
                            List.of(new GenerationRequest(prompt, List.of(1L), SamplingParameters.plain(1f, 1, 8, -1))))
                    .get(0)
                    .get(0);
            double apart = apart(sample.logProbs(), score(policy, prompt, sample.tokens()));
            require(apart <= precision.tolerance(), "sampler and scorer are " + apart + " nats apart");
            TokenArray text = prompt.concat(sample.tokens());
            double before = -score(policy, prompt.slice(0, 1), prompt.slice(1, prompt.length()))
                    .sum();
            double loss = train(policy, text);
            double after = -score(policy, prompt.slice(0, 1), prompt.slice(1, prompt.length()))
                    .sum();
            require(Double.isFinite(after) && after != before, "a training step changed nothing: " + after);
            return String.format(
                    Locale.ROOT, "samples, scores (differs by %.0e nats a token), learns (loss %.3f)", apart, loss);
        }
    }

    /** Peak speed of matrix products and copies on this machine. */
    ModelPeak peak() {
        try (Policy policy = open(Precision.FLOAT32)) {
            return ModelPeak.measure(policy, PEAK_SIZE);
        }
    }

    /** The engine's device and number of threads. */
    String device() {
        try (Policy policy = open(Precision.FLOAT32)) {
            return policy.device() + ", " + Policy.threads() + " threads in one operator";
        }
    }

    private Policy open(Precision precision) {
        if (!Files.isRegularFile(folder.resolve("model.safetensors"))) {
            PolicyOrigin.write(folder, "qwen3", "micro", "bytes", 0.02, 1);
        }
        return Policy.open(folder, PolicyOptions.DEFAULT.with(precision));
    }

    /** Mean difference between two lists of token log-probabilities, nats. */
    private static double apart(FloatArray sampled, FloatArray scored) {
        double sum = 0;
        for (int t = 0; t < sampled.length(); t++) {
            sum += Math.abs(sampled.at(t) - scored.at(t));
        }
        return sum / sampled.length();
    }

    private static FloatArray score(Policy policy, TokenArray context, TokenArray continuation) {
        Score score = policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(context, continuation)))
                .get(0);
        require(score.logProbs().isFinite(), "log-probabilities are not finite");
        return score.logProbs();
    }

    private static double train(Policy policy, TokenArray text) {
        List<Experience> batch = List.of(Experience.nextToken(text, 1f, Set.of()));
        policy.startTraining();
        MicroBatchResult result = policy.accumulate(
                batch,
                LossAggregation.TOKEN_MEAN.weights(batch),
                LossAggregation.nextTokenWeights(batch),
                PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2)),
                false);
        require(Double.isFinite(result.loss()) && result.loss() > 0, "the loss is " + result.loss());
        double norm = policy.step(STEP);
        require(Double.isFinite(norm) && norm > 0, "the gradient's norm is " + norm);
        return result.loss();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new PolicyException(otherwise);
        }
    }
}
