package io.foretell.policy;

import io.foretell.objectives.Experience;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.LossAggregation;
import io.foretell.objectives.PolicyGradientLoss;
import io.foretell.objectives.TokenArray;
import io.foretell.objectives.Weights;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntConsumer;
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
    static final int FIRST_MOMENT = 2;
    static final int SECOND_MOMENT = 3;
    static final int ADAM_STEPS = 4;

    private final ModelConfig config;
    private final PolicyOptions options;
    private final List<ModelConfig.Parameter> parameters;
    private final WeightLayout layout;
    private final PolicyFiles files;
    private final HuggingFaceTokenizer tokenizer;
    private final PolicyProgram program;
    private final Sampler sampler;
    private final Scoring scoring;
    private final Training training;

    private Policy(ModelConfig config, HuggingFaceTokenizer tokenizer, PolicyProgram program, PolicyOptions options) {
        this.config = config;
        this.options = options;
        this.parameters = config.parameters();
        this.layout = new WeightLayout(config);
        this.files = new PolicyFiles(config, layout);
        this.tokenizer = tokenizer;
        this.program = program;
        this.sampler = new Sampler(program, options, config);
        this.scoring = new Scoring(program, options.tokenBudget());
        this.training = new Training(program);
    }

    /**
     * Opens a Hugging Face folder: config.json, model.safetensors (or shards), tokenizer.json, and the teacher's
     * ema.safetensors where there is one (otherwise the teacher starts as a copy).
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
     * Replaces live weights and teacher by those in {@code folder}: both are read beside the old ones and switched only
     * when complete. Continuations in progress go on with the new weights and the keys and values of the old ones.
     */
    public void load(Path folder) {
        boolean hasTeacher = options.use() != PolicyOptions.Use.SAMPLING
                && (Files.isRegularFile(folder.resolve("ema.safetensors"))
                        || Files.isRegularFile(folder.resolve("ema.safetensors.index.json")));
        try {
            stage(Safetensors.open(folder, "model"), parameters);
            if (hasTeacher) {
                stage(Safetensors.open(folder, "ema"), parameters);
            }
            switchTo(LIVE, parts());
            if (hasTeacher) {
                switchTo(EMA, parts());
            } else if (options.use() != PolicyOptions.Use.SAMPLING) {
                resetTeacher();
            }
        } finally {
            program.run("unstage");
        }
    }

    /** Reads tensors beside those in use, behind what is staged already. */
    private void stage(Safetensors tensors, List<ModelConfig.Parameter> wanted) {
        for (ModelConfig.Parameter parameter : wanted) {
            tensors.read(parameter.name(), parameter.shape(), (slice, values) -> {
                long[] shape =
                        slice.shape().stream().mapToLong(Integer::longValue).toArray();
                program.run("stage", inputs -> inputs.floats(values, shape));
            });
        }
    }

    /** How many staged slices make up each of the program's tensors. */
    private long[] parts() {
        return layout.tensors().stream()
                .mapToLong(joined -> joined.stream()
                        .mapToInt(parameter -> Slice.of(parameter.shape()).size())
                        .sum())
                .toArray();
    }

    /** The first staged slices, joined by {@code parts}, take their places in {@code slot}. */
    private void switchTo(int slot, long[] parts) {
        program.run("switch", inputs -> inputs.integer(slot).integers(parts, parts.length));
    }

    /**
     * Writes config.json, tokenizer.json (copied from {@code origin}), model.safetensors and ema.safetensors into
     * {@code folder}; {@code transformers} reads the result.
     */
    public void save(Path folder, Path origin) {
        files.writeModel(folder, origin, this::values);
    }

    /** Writes the optimizer's moments and step counts. */
    public void saveOptimizer(Path file) {
        files.writeOptimizer(file, this::values);
    }

    /** Memory for a copy of weights, teacher and optimizer. Who asks for it closes it. */
    public PolicyCopy newCopy() {
        return new PolicyCopy(config, layout, files);
    }

    /** Fills {@code copy}, made by {@link #newCopy}, with the values of this moment; training must have been started. */
    public void copyTo(PolicyCopy copy) {
        copy.fill(program);
    }

    /** Restores what {@link #saveOptimizer} wrote; training must have been started. */
    public void loadOptimizer(Path folder, String name) {
        try {
            stage(Safetensors.open(folder, name), files.optimizer());
            switchTo(FIRST_MOMENT, parts());
            switchTo(SECOND_MOMENT, parts());
            long[] single = new long[layout.tensors().size()];
            Arrays.fill(single, 1);
            switchTo(ADAM_STEPS, single);
        } finally {
            program.run("unstage");
        }
    }

    private FloatBuffer values(int slot, WeightLayout.Place place) {
        return program.call(
                "get",
                inputs -> inputs.integer(slot)
                        .integer(place.index())
                        .integer(place.from())
                        .integer(place.to()),
                array -> array.toByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer());
    }

    private FloatBuffer values(int slot, int parameter, Slice slice) {
        if (options.use() != PolicyOptions.Use.TRAINING) {
            throw new IllegalStateException("a policy opened for " + options.use() + " keeps no weights to read");
        }
        return slot == ADAM_STEPS
                ? values(slot, new WeightLayout.Place(parameter, 0, 0))
                : values(slot, layout.place(parameters.get(parameter)).part(slice));
    }

    /** The live values of every parameter, in the model's order: for tests and inspection of small models. */
    public List<float[]> weights(Weights which) {
        return IntStream.range(0, parameters.size())
                .mapToObj(i -> {
                    Slice all = new Slice(0, parameters.get(i).shape());
                    FloatBuffer values = values(which == Weights.LIVE ? LIVE : EMA, i, all);
                    float[] copy = new float[values.remaining()];
                    values.get(copy);
                    return copy;
                })
                .toList();
    }

    /** Continuations for each request, in order: one per seed. */
    public List<List<Sample>> generate(List<GenerationRequest> requests) {
        List<CompletableFuture<List<Sample>>> results = submit(requests);
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
     * Queues a request for {@link #advance}. A future that is cancelled or completed from outside (a deadline) withdraws
     * the request at the next step.
     */
    CompletableFuture<List<Sample>> submit(GenerationRequest request) {
        requireKnown(request.prompt());
        request.sampling().stopTokens().forEach(this::requireKnown);
        return sampler.submit(request);
    }

    /**
     * Queues requests of one caller, who waits for all of them: those that may grow longest first, so that they do not run
     * alone at the end and rows of similar length share a batch.
     *
     * @return in the order of {@code requests}
     */
    List<CompletableFuture<List<Sample>>> submit(List<GenerationRequest> requests) {
        Map<Integer, CompletableFuture<List<Sample>>> results = new TreeMap<>();
        IntStream.range(0, requests.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> -requests.get(i).sampling().maxTokens()))
                .forEach(i -> results.put(i, submit(requests.get(i))));
        return List.copyOf(results.values());
    }

    /** Lets requests in, samples a few tokens for every continuation, lets finished ones out; false when none is left. */
    boolean advance() {
        return sampler.advance();
    }

    /** The version that tokens are marked with from now on. */
    void label(long version) {
        sampler.label(version);
    }

    SamplerLoad load() {
        return sampler.load();
    }

    /** Teacher-forced log-probabilities, in the order of the requests. */
    public List<Score> score(Weights which, List<ScoreRequest> requests) {
        for (ScoreRequest request : requests) {
            requireKnown(request.context());
            requireKnown(request.continuation());
        }
        return scoring.score(which == Weights.LIVE ? LIVE : EMA, requests);
    }

    /**
     * How open the live weights are about each token of {@code text}: the entropy in nats of its distribution after the
     * tokens before it, over the {@code top} most likely ones as if there were no others. A text longer than the model's
     * context is read in windows that overlap by half.
     *
     * @return (T); entry 0 is 0, because the first token follows nothing
     */
    public FloatArray entropies(TokenArray text, int top) {
        if (top < 1) {
            throw new PolicyException("an entropy needs at least 1 token to be over, not " + top);
        }
        requireKnown(text);
        return scoring.entropies(text, top, Math.min(config.maxPositions(), options.tokenBudget()));
    }

    /** The teacher becomes a copy of the live weights. */
    public void resetTeacher() {
        program.run("sync_teacher");
    }

    /** Allocates a fresh optimizer: moments and step counts 0. */
    public void startTraining() {
        training.start();
    }

    /**
     * {@link #accumulate(List, List, List, List, double, PolicyGradientLoss, boolean)} of the first pass over a step of one
     * micro-batch, as far as pairs are concerned.
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
     * Forward, loss and backward of one micro-batch; gradients are added to those since the last step. A term against a
     * reference, or a pair, has the teacher as its reference, and costs another forward pass.
     *
     * @param pgWeights per experience (T) weight of each token's policy-gradient loss over the whole step
     * @param ceWeights per experience (T) weight of each token's next-token loss over the whole step
     * @param proximal per experience the {@link SequenceStatistics#logProbs} of the first pass over the batch, for the
     *     ratio of a decoupled loss; empty in the first pass, whose weights are those at the start of the update
     * @param pairWeight weight of each pair's loss over the whole step
     * @param recompute whether layers run twice, so that only their inputs need memory in between
     * @throws PolicyException when one side of a pair is without the other
     */
    public MicroBatchResult accumulate(
            List<Experience> batch,
            List<float[]> pgWeights,
            List<float[]> ceWeights,
            List<double[]> proximal,
            double pairWeight,
            PolicyGradientLoss loss,
            boolean recompute) {
        requireKnown(batch);
        return training.accumulate(batch, pgWeights, ceWeights, proximal, pairWeight, loss, recompute);
    }

    /**
     * Log-probabilities of the policy-gradient tokens of one micro-batch in the distribution they were sampled from
     * (temperature, forbidden first token).
     *
     * @return per experience one value for each token whose {@code lossMask} is not 0, in order
     */
    public List<double[]> logProbs(Weights which, List<Experience> batch) {
        requireKnown(batch);
        return training.logProbs(which == Weights.LIVE ? LIVE : EMA, batch);
    }

    private void requireKnown(List<Experience> batch) {
        for (Experience experience : batch) {
            requireKnown(experience.tokens());
            requireKnown(experience.forbiddenFirst());
            experience.textLoss().beside().forEach(this::requireKnown);
        }
    }

    /** On an accelerator a token without a row in the embedding would end the process. */
    private void requireKnown(TokenArray tokens) {
        for (int t = 0; t < tokens.length(); t++) {
            if (tokens.at(t) < 0 || tokens.at(t) >= config.vocabularySize()) {
                throw unknown(tokens.at(t));
            }
        }
    }

    /** @param token a token or -1 for none */
    private void requireKnown(int token) {
        if (token < -1 || token >= config.vocabularySize()) {
            throw unknown(token);
        }
    }

    private PolicyException unknown(int token) {
        return new PolicyException(
                "token " + token + " is not in the model's vocabulary of " + config.vocabularySize() + " tokens");
    }

    /** Forgets gradients accumulated since the last step. */
    public void discardGradients() {
        training.discard();
    }

    /**
     * One optimizer step on the accumulated gradients, and the teacher's.
     *
     * @return the gradient's global norm before clipping; when it is not finite nothing was changed
     */
    public double step(OptimizerSettings settings) {
        return training.step(settings);
    }

    /** Matrix products in GFLOP/s for a square of {@code size}, the best of {@code rounds}. */
    public double matmulPeak(int size, Precision precision, int rounds) {
        return rate(
                rounds,
                2.0 * size * size * size,
                repeats -> program.run(
                        "matmul_peak",
                        inputs -> inputs.integer(size).integer(repeats).integer(precision.code())));
    }

    /** Bytes per nanosecond (GB/s) read while copying 256 MiB. */
    public double copyBandwidth() {
        long floats = 64 << 20;
        return rate(
                3,
                4.0 * floats,
                copies -> program.run(
                        "copy_peak", inputs -> inputs.integer(floats).integer(copies)));
    }

    /** Work per nanosecond: what six times costs more than once, so that making the operands does not count. */
    private static double rate(int rounds, double work, IntConsumer run) {
        double once = Double.MAX_VALUE;
        double often = Double.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            once = Math.min(once, nanos(run, 1));
            often = Math.min(often, nanos(run, 6));
        }
        return often > once ? 5 * work / (often - once) : 6 * work / often;
    }

    private static double nanos(IntConsumer run, int times) {
        long start = System.nanoTime();
        run.accept(times);
        return System.nanoTime() - start;
    }

    /**
     * Call before the process ends: waits for calls of every policy of this JVM and lets no other begin, because the
     * native library crashes when it is taken down while it calculates.
     *
     * @return false where a call goes on after the deadline: the process may only be halted then
     */
    public static boolean quiesce(Duration deadline) {
        return NativeEngine.quiesce(deadline);
    }

    /** The engine's version, such as 2.7.1. */
    public static String engineVersion() {
        NativeEngine.start(0);
        return NativeEngine.version();
    }

    /** Threads that one operator may use. */
    public static int threads() {
        NativeEngine.start(0);
        return NativeEngine.threads();
    }

    /** Where it calculates, such as {@code cpu} or {@code gpu 0}. */
    public String device() {
        return program.device();
    }

    /**
     * The program for the architecture of a Hugging Face folder, as the archive that {@code torch.jit.load} reads.
     *
     * @param onProcessor whether it may use products that only processors have
     */
    public static byte[] program(Path folder, PolicyOptions options, boolean onProcessor) {
        return PolicyProgram.archive(ModelConfig.read(folder), options, onProcessor);
    }

    @Override
    public void close() {
        program.close();
        tokenizer.close();
    }
}
