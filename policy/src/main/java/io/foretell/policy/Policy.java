package io.foretell.policy;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;

/**
 * A language model that samples, scores and learns: live weights, their moving average (the teacher) and, once
 * training has started, the optimizer. Sampler, scorer and trainer run the same program on the same weights.
 *
 * <p>Confined to the thread that opened it.
 */
public final class Policy implements AutoCloseable {
    static final int LIVE = 0;
    static final int EMA = 1;

    private final ModelConfig config;
    private final PolicyOptions options;
    private final HuggingFaceTokenizer tokenizer;
    private final PolicyProgram program;
    private final PolicyWeights weights;
    private final KnownTokens known;
    private final Sampler sampler;
    private final Scoring scoring;
    private final Training training;

    private Policy(ModelConfig config, HuggingFaceTokenizer tokenizer, PolicyProgram program, PolicyOptions options) {
        this.config = config;
        this.options = options;
        this.tokenizer = tokenizer;
        this.program = program;
        this.weights = new PolicyWeights(program, options.use(), config);
        this.known = new KnownTokens(config.vocabularySize());
        this.sampler = new Sampler(program, options, config);
        this.scoring = new Scoring(program, options.tokenBudget());
        this.training = new Training(program);
    }

    /**
     * Opens a Hugging Face folder: config.json, model.safetensors (or shards), tokenizer.json, and the teacher's
     * ema.safetensors if present (otherwise the teacher starts as a copy).
     *
     * @throws PolicyException with one sentence when anything in the folder is missing, damaged or not supported
     */
    public static Policy open(Path folder, PolicyOptions options) {
        ModelConfig config = ModelConfig.read(folder);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
        if (tokenizer.vocabularySize() > config.vocabularySize()) {
            tokenizer.close();
            throw new PolicyException(folder + ": the tokenizer has " + tokenizer.vocabularySize()
                    + " tokens but the embedding only " + config.vocabularySize() + " rows");
        }
        NativeEngine.start(options.threads());
        Policy policy = new Policy(config, tokenizer, PolicyProgram.load(config, options), options);
        try {
            policy.load(folder);
            return policy;
        } catch (RuntimeException e) {
            policy.close();
            throw e;
        }
    }

    public ModelConfig config() {
        return config;
    }

    public HuggingFaceTokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * Replaces live weights and teacher with those in {@code folder}. Both are loaded completely before the switch.
     * Active continuations continue with the new weights and their cached keys and values.
     */
    public void load(Path folder) {
        weights.load(folder);
    }

    /**
     * Writes config.json, tokenizer.json (copied from {@code origin}), model.safetensors and ema.safetensors into
     * {@code folder}; {@code transformers} reads the result.
     */
    public void save(Path folder, Path origin) {
        weights.save(folder, origin);
    }

    /** Writes the optimizer's moments and step counts. */
    public void saveOptimizer(Path file) {
        weights.saveOptimizer(file);
    }

    /** A copy of the current state; training must have been started. */
    public PolicyCopy newCopy() {
        PolicyCopy copy = weights.newCopy();
        copyTo(copy);
        return copy;
    }

    /** Updates {@code copy}, made by {@link #newCopy}, to the current state. */
    public void copyTo(PolicyCopy copy) {
        copy.fill(program);
    }

    /** Restores what {@link #saveOptimizer} wrote; training must have been started. */
    public void loadOptimizer(Path folder, String name) {
        weights.loadOptimizer(folder, name);
    }

    /** The live values of every parameter, in the model's order: for tests and inspection of small models. */
    public List<float[]> weights(PolicyRole which) {
        return weights.values(which);
    }

    /** Returns the continuations of each request, in order: one per seed. */
    public List<List<Completion>> generate(List<GenerationRequest> requests) {
        List<CompletableFuture<List<Completion>>> results = submit(requests);
        while (results.stream().anyMatch(result -> !result.isDone())) {
            advance();
        }
        try {
            return results.stream().map(CompletableFuture::join).toList();
        } catch (CompletionException e) {
            throw e.getCause() instanceof PolicyException failure ? failure : e;
        }
    }

    /**
     * Queues a request for {@link #advance}. Cancelling or completing the future from outside (a deadline) withdraws
     * the request at the next step.
     */
    CompletableFuture<List<Completion>> submit(GenerationRequest request) {
        known.require(request.prompt());
        request.sampling().stopTokens().forEach(known::require);
        return sampler.submit(request);
    }

    /**
     * Queues requests of one caller that waits for all of them. Requests that may become longest start first: they do
     * not run alone at the end, and rows of similar length share a batch.
     *
     * @return in the order of {@code requests}
     */
    public List<CompletableFuture<List<Completion>>> submit(List<GenerationRequest> requests) {
        Map<Integer, CompletableFuture<List<Completion>>> results = new TreeMap<>();
        IntStream.range(0, requests.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> -requests.get(i).sampling().maxTokens()))
                .forEach(i -> results.put(i, submit(requests.get(i))));
        return List.copyOf(results.values());
    }

    /**
     * Admits requests, samples a few tokens per continuation, completes finished ones; returns false if no work is
     * left.
     */
    public boolean advance() {
        return sampler.advance();
    }

    /** Sets the version that later tokens are marked with. */
    public void label(long version) {
        sampler.label(version);
    }

    public SamplerLoad load() {
        return sampler.load();
    }

    /** Teacher-forced log-probabilities, in the order of the requests. */
    public List<Score> score(PolicyRole which, List<ScoreRequest> requests) {
        for (ScoreRequest request : requests) {
            known.require(request.context());
            known.require(request.continuation());
        }
        return scoring.score(which == PolicyRole.LIVE ? LIVE : EMA, requests);
    }

    /**
     * Entropy of the live weights at each token of {@code text}, in nats: that of the next-token distribution given
     * the tokens before it, renormalised over the {@code top} most likely tokens. A text longer than the model's
     * context is read in windows that overlap by half.
     *
     * @return (T); entry 0 is 0, because the first token has no prefix
     */
    public FloatArray entropies(TokenArray text, int top) {
        if (top < 1) {
            throw new PolicyException("an entropy needs at least 1 token to be over, not " + top);
        }
        known.require(text);
        return scoring.entropies(text, top, Math.min(config.maxPositions(), options.tokenBudget()));
    }

    /** Allocates a fresh optimizer with zero moments and step counts. */
    public void startTraining() {
        training.start();
    }

    /**
     * {@link #accumulate(List, List, List, List, double, PolicyGradientLoss, boolean)} for the first pass over a step
     * with one micro-batch: each pair is weighted accordingly.
     */
    public MicroBatchResult accumulate(
            List<Experience> batch,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            PolicyGradientLoss loss,
            boolean recompute) {
        return accumulate(batch, pgWeights, ceWeights, List.of(), LossAggregation.pairWeight(batch), loss, recompute);
    }

    /**
     * Forward pass, loss and backward pass of one micro-batch; adds its gradients to those accumulated since the last
     * step. A term against a reference, or a pair, uses the teacher as the reference and costs another forward pass.
     *
     * @param pgWeights per experience (T), weight of each token's policy-gradient loss over the whole step
     * @param ceWeights per experience (T), weight of each token's next-token loss over the whole step
     * @param proximal per experience, the {@link SequenceStatistics#logProbs} of the first pass over the batch, for
     *     the ratio of a decoupled loss; empty in the first pass, which uses the weights from the start of the update
     * @param pairWeight weight of each pair's loss over the whole step
     * @param recompute whether layers run again in the backward pass, to keep only their inputs in memory
     * @throws PolicyException if one side of a pair is missing
     */
    public MicroBatchResult accumulate(
            List<Experience> batch,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            List<double[]> proximal,
            double pairWeight,
            PolicyGradientLoss loss,
            boolean recompute) {
        known.require(batch);
        return training.accumulate(batch, pgWeights, ceWeights, proximal, pairWeight, loss, recompute);
    }

    /**
     * Log-probabilities of the policy-gradient tokens of one micro-batch under the distribution they were sampled
     * from (temperature, forbidden first token).
     *
     * @return per experience, one value for each token whose {@code lossMask} is not 0, in order
     */
    public List<double[]> logProbs(PolicyRole which, List<Experience> batch) {
        known.require(batch);
        return training.logProbs(which == PolicyRole.LIVE ? LIVE : EMA, batch);
    }

    /** Discards gradients accumulated since the last step. */
    public void discardGradients() {
        training.discard();
    }

    /**
     * Takes one optimizer step on the accumulated gradients and updates the teacher.
     *
     * @return the gradient's global norm before clipping; if it is not finite, nothing was changed
     */
    public double step(OptimizerSettings settings) {
        return training.step(settings);
    }

    /** GFLOP/s of multiplying square matrices of {@code size}, the best of {@code rounds}. */
    public double matmulPeak(int size, Precision precision, int rounds) {
        return new PeakProbe(program).matmul(size, precision, rounds);
    }

    /** Bytes per nanosecond (GB/s) read while copying 256 MiB. */
    public double copyBandwidth() {
        return new PeakProbe(program).copy();
    }

    /**
     * Call before the process ends. Waits for calls of every policy of this JVM and blocks new ones, because the native
     * library crashes if it is unloaded during a computation.
     *
     * @return false if a call is still running at the deadline: the process may then only be halted
     */
    public static boolean quiesce(Duration deadline) {
        return NativeEngine.quiesce(deadline);
    }

    /** The engine's version, such as 2.7.1. */
    public static String engineVersion() {
        NativeEngine.start(0);
        return NativeEngine.version();
    }

    /** Maximum threads per operator. */
    public static int threads() {
        NativeEngine.start(0);
        return NativeEngine.threads();
    }

    /** The device it runs on, such as {@code cpu} or {@code gpu 0}. */
    public String device() {
        return program.device();
    }

    /**
     * The program for the architecture of a Hugging Face folder, as the archive that {@code torch.jit.load} reads.
     *
     * @param onProcessor whether it may use CPU-only matrix products
     */
    public static byte[] program(Path folder, PolicyOptions options, boolean onProcessor) {
        return PolicyProgram.archive(ModelConfig.read(folder), options, onProcessor);
    }

    @Override
    public void close() {
        sampler.fail(new PolicyException("the policy was closed before this was sampled"));
        program.close();
        tokenizer.close();
    }
}
