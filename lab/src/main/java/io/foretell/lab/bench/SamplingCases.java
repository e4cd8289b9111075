package io.foretell.lab.bench;

import io.foretell.domain.TokenArray;
import io.foretell.lab.bench.Stopwatch.Turns;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.policy.SamplingParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * How fast a model samples. Tokens are drawn from the whole distribution and no token ends a continuation. Times are
 * wall times from submitting requests to the last token, including prefill. Confined to one thread.
 */
final class SamplingCases {
    private static final int PROMPT = 32;
    private static final int NEW_TOKENS = 64;
    private static final int BATCH = 64;
    private static final int GROUP = 16;
    private static final int GROUP_PROMPT = 512;
    private static final int REQUESTS = 256;
    private static final int SHORTEST = 16;
    private static final int LONGEST = 256;
    private static final int LONG_ROUNDS = 3;

    private final BenchModel model;
    private final ModelPeak peak;
    private final BenchOptions options;

    SamplingCases(BenchModel model, ModelPeak peak, BenchOptions options) {
        this.model = model;
        this.peak = peak;
        this.options = options;
    }

    /** 64 continuations at a time: with prompts of their own, with four shared prompts, and by the peer. */
    BenchReport.Figures batch(Precision precision) {
        List<TokenArray> prompts = model.texts(BATCH, PROMPT, 2);
        List<GenerationRequest> alone =
                prompts.stream().map(prompt -> request(prompt, 1, NEW_TOKENS)).toList();
        List<GenerationRequest> shared = prompts.subList(0, BATCH / GROUP).stream()
                .map(prompt -> request(prompt, GROUP, NEW_TOKENS))
                .toList();
        BenchReport.Figures figures = new BenchReport.Figures();
        try (@Nullable TransformersPeer peer = options.peer(model, precision);
                Policy policy = open(precision)) {
            policy.generate(alone);
            putShare(figures, "", precision, policy, alone);
            if (peer == null) {
                put(figures, "", precision, Stopwatch.best(options.rounds(), () -> policy.generate(alone)));
            } else {
                peer.generate(prompts, NEW_TOKENS);
                Turns turns = Stopwatch.inTurns(
                        options.rounds(),
                        () -> Stopwatch.seconds(() -> policy.generate(alone)),
                        () -> peer.generate(prompts, NEW_TOKENS));
                put(figures, "", precision, turns.median(0));
                figures.put("peer_tokens_per_second", BATCH * NEW_TOKENS / turns.median(1))
                        .put("times_as_fast_as_peer", turns.timesAsFast(0, 1));
            }
        }
        try (Policy policy = open(precision)) {
            put(figures, "grouped_", precision, Stopwatch.best(options.rounds(), () -> policy.generate(shared)));
            putShare(figures, "grouped_", precision, policy, shared);
        }
        return figures;
    }

    private void put(BenchReport.Figures figures, String prefix, Precision precision, double seconds) {
        double tokens = BATCH * NEW_TOKENS;
        figures.put(prefix + "tokens_per_second", tokens / seconds);
    }

    private void putShare(
            BenchReport.Figures figures,
            String prefix,
            Precision precision,
            Policy policy,
            List<GenerationRequest> requests) {
        double share = Stopwatch.share(
                options.rounds(),
                () -> peak.now(policy, precision),
                () -> Stopwatch.seconds(() -> policy.generate(requests)),
                (now, seconds) -> now.sampling(precision, model.weights(), BATCH * NEW_TOKENS, seconds));
        figures.put(prefix + "share_of_peak", share);
    }

    /** One continuation: every token reads all weights. */
    BenchReport.Figures single(Precision precision) {
        List<GenerationRequest> one = List.of(request(model.texts(1, PROMPT, 3).get(0), 1, NEW_TOKENS));
        try (Policy policy = open(precision)) {
            double seconds = Stopwatch.best(options.rounds(), () -> policy.generate(one));
            double read = ModelPeak.read(precision, model.weights(), NEW_TOKENS, seconds);
            return new BenchReport.Figures()
                    .put("tokens_per_second", NEW_TOKENS / seconds)
                    .put("weights_gb_per_second", read)
                    .put("share_of_copy", read / peak.copy());
        }
    }

    /** A group on one long prompt, and as many requests with that prompt that share nothing. */
    BenchReport.Figures group(Precision precision) {
        TokenArray prompt = model.texts(1, GROUP_PROMPT, 4).get(0);
        List<GenerationRequest> together = List.of(request(prompt, GROUP, NEW_TOKENS));
        List<GenerationRequest> apart = IntStream.range(0, GROUP)
                .mapToObj(i -> request(prompt, 1, NEW_TOKENS))
                .toList();
        try (Policy sharing = open(precision);
                Policy separate = open(precision)) {
            sharing.generate(together);
            separate.generate(apart);
            Turns turns = Stopwatch.inTurns(
                    options.rounds(),
                    () -> Stopwatch.seconds(() -> sharing.generate(together)),
                    () -> Stopwatch.seconds(() -> separate.generate(apart)));
            return new BenchReport.Figures()
                    .put("group_seconds", turns.median(0))
                    .put("separate_seconds", turns.median(1))
                    .put("times_as_fast", turns.timesAsFast(0, 1));
        }
    }

    /**
     * Requests of uneven lengths, at most 64 rows: with continuous batching, and in fixed batches of 64 in order,
     * each of which runs until its longest request is done.
     */
    BenchReport.Figures continuous(Precision precision) {
        List<Integer> lengths = new SplittableRandom(5)
                .ints(REQUESTS, SHORTEST, LONGEST + 1)
                .boxed()
                .toList();
        List<TokenArray> prompts = model.texts(REQUESTS, PROMPT, 6);
        List<GenerationRequest> uneven = requests(prompts, lengths);
        List<GenerationRequest> padded = requests(prompts, padded(lengths, BATCH));
        double tokens = total(lengths);
        try (Policy joining = model.open(precision, PolicyOptions.Use.SAMPLING, BATCH);
                Policy waiting = model.open(precision, PolicyOptions.Use.SAMPLING, BATCH)) {
            joining.generate(uneven.subList(0, 1));
            waiting.generate(padded.subList(0, 1));
            // Half of the fixed batches run before and half after, so that a machine that slows down favours neither
            // side.
            Turns parts = Stopwatch.inTurns(
                    Math.min(LONG_ROUNDS, options.rounds()),
                    () -> Stopwatch.seconds(() -> inBatches(waiting, padded.subList(0, REQUESTS / 2))),
                    () -> Stopwatch.seconds(() -> joining.generate(uneven)),
                    () -> Stopwatch.seconds(() -> inBatches(waiting, padded.subList(REQUESTS / 2, REQUESTS))));
            Turns turns = new Turns(parts.of(1), parts.of(0, 2));
            return new BenchReport.Figures()
                    .put("continuous_seconds", turns.median(0))
                    .put("padded_seconds", turns.median(1))
                    .put("times_as_fast", turns.timesAsFast(0, 1))
                    .put("tokens_per_second", tokens / turns.median(0))
                    .put("padded_tokens_over_tokens", total(padded(lengths, BATCH)) / tokens);
        }
    }

    private static void inBatches(Policy policy, List<GenerationRequest> requests) {
        for (int from = 0; from < requests.size(); from += BATCH) {
            policy.generate(requests.subList(from, Math.min(requests.size(), from + BATCH)));
        }
    }

    /** Raises each length to the longest in its {@code batch}. */
    static List<Integer> padded(List<Integer> lengths, int batch) {
        List<Integer> raised = new ArrayList<>();
        for (int from = 0; from < lengths.size(); from += batch) {
            List<Integer> those = lengths.subList(from, Math.min(lengths.size(), from + batch));
            int longest = those.stream().mapToInt(Integer::intValue).max().orElseThrow();
            those.forEach(length -> raised.add(longest));
        }
        return raised;
    }

    private static double total(List<Integer> lengths) {
        return lengths.stream().mapToInt(Integer::intValue).sum();
    }

    private static List<GenerationRequest> requests(List<TokenArray> prompts, List<Integer> lengths) {
        return IntStream.range(0, prompts.size())
                .mapToObj(i -> request(prompts.get(i), 1, lengths.get(i)))
                .toList();
    }

    private static GenerationRequest request(TokenArray prompt, int count, int newTokens) {
        List<Long> seeds = LongStream.range(0, count).boxed().toList();
        return new GenerationRequest(prompt, seeds, SamplingParameters.plain(1f, 0, newTokens, -1));
    }

    private Policy open(Precision precision) {
        return model.open(precision, PolicyOptions.Use.SAMPLING);
    }
}
