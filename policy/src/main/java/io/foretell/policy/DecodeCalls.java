package io.foretell.policy;

import java.util.Arrays;
import java.util.List;

/** The sampler's native calls; converts rows to flat arrays. Confined to the policy's thread. */
final class DecodeCalls {
    private final PolicyProgram program;

    DecodeCalls(PolicyProgram program) {
        this.program = program;
    }

    void allocate(CacheRoom room) {
        program.run(
                "allocate_caches",
                inputs -> inputs.integer(room.rows())
                        .integer(room.columns())
                        .integer(room.prompts())
                        .integer(room.promptColumns()));
    }

    /**
     * @param pool 0 for rows, 1 for shared prompts
     * @param moves pairs of old and new place
     * @param columns maximum columns in use in any of them
     */
    void move(int pool, List<int[]> moves, int columns) {
        if (!moves.isEmpty()) {
            long[] sources = moves.stream().mapToLong(move -> move[0]).toArray();
            long[] targets = moves.stream().mapToLong(move -> move[1]).toArray();
            program.run(
                    "move_rows",
                    inputs -> inputs.integer(pool)
                            .integers(sources, sources.length)
                            .integers(targets, targets.length)
                            .integer(columns));
        }
    }

    /**
     * Prefills the prompts of requests. Either all of the requests share their prompt among their continuations or
     * none does.
     *
     * @param slots per request, its first row or the place of its shared prompt
     * @param rows the continuations of all requests, in order
     * @return (A, 3) the first token of each row, as {@link #decode} describes it
     */
    double[] prefill(List<RunningRequest> batch, List<Integer> slots, List<Continuation> rows) {
        int prompts = batch.size();
        int width = batch.stream()
                .mapToInt(generation -> generation.request.prompt().length())
                .max()
                .orElseThrow();
        long[] tokens = new long[prompts * width]; // (P, T)
        long[] lengths = new long[prompts]; // (P,)
        long[] promptOf = new long[rows.size()]; // (A,)
        int row = 0;
        for (int p = 0; p < prompts; p++) {
            GenerationRequest request = batch.get(p).request;
            lengths[p] = request.prompt().length();
            for (int t = 0; t < lengths[p]; t++) {
                tokens[p * width + t] = request.prompt().at(t);
            }
            for (int c = 0; c < batch.get(p).count(); c++) {
                promptOf[row++] = p;
            }
        }
        int pool = batch.get(0).shares() ? 1 : 0;
        long[] places = slots.stream().mapToLong(Integer::longValue).toArray();
        return program.call(
                "prefill",
                inputs -> drawing(
                        inputs.integer(pool)
                                .integers(tokens, prompts, width)
                                .integers(lengths, prompts)
                                .integers(places, prompts)
                                .integers(promptOf, rows.size()),
                        rows,
                        1),
                array -> array.toDoubleArray());
    }

    /** @return (A, 3 * steps) tokens, log-probabilities as sampled, log-probabilities under the policy itself */
    double[] decode(List<Continuation> rows, int steps) {
        int count = rows.size();
        int prompts =
                1 + rows.stream().mapToInt(row -> row.generation.place).max().orElse(-1);
        int[] sharers = new int[prompts];
        rows.stream().filter(row -> row.generation.shares()).forEach(row -> sharers[row.generation.place]++);
        int most = Arrays.stream(sharers).max().orElse(1);
        long[] tokens = new long[count]; // (A,)
        long[] filled = new long[count]; // (A,)
        long[] shared = new long[count]; // (A,)
        long[] grid = new long[prompts * most]; // (P, G)
        long[] place = new long[count]; // (A,)
        long[] lengths = new long[prompts]; // (P,)
        int[] taken = new int[prompts];
        for (int r = 0; r < count; r++) {
            Continuation row = rows.get(r);
            RunningRequest generation = row.generation;
            int prompt = generation.request.prompt().length();
            tokens[r] = row.lastToken();
            filled[r] = row.filled();
            place[r] = (long) prompts * most;
            if (generation.shares()) {
                shared[r] = prompt;
                lengths[generation.place] = prompt;
                int spot = generation.place * most + taken[generation.place]++;
                grid[spot] = r;
                place[r] = spot;
            }
        }
        long[] spans = AttentionSpans.of(filled); // (n, 2)
        return program.call(
                "decode",
                inputs -> drawing(
                        inputs.integers(tokens, count)
                                .integers(filled, count)
                                .integers(spans, spans.length / 2, 2)
                                .integers(shared, count)
                                .integers(grid, prompts, most)
                                .integers(place, count)
                                .integers(lengths, prompts),
                        rows,
                        steps),
                array -> array.toDoubleArray());
    }

    /** Adds the inputs that sample() needs per row. */
    private static PolicyProgram.Inputs drawing(PolicyProgram.Inputs inputs, List<Continuation> rows, int steps) {
        int count = rows.size();
        int stops = Math.max(
                1,
                rows.stream()
                        .mapToInt(row -> row.sampling.stopTokens().size())
                        .max()
                        .orElse(1));
        boolean cut = rows.stream().anyMatch(row -> row.sampling.isCut());
        double[] uniforms = new double[count * steps]; // (A, steps)
        float[] temperatures = new float[count]; // (A,)
        long[] held = new long[count]; // (A,)
        long[] ends = new long[count * stops]; // (A, E)
        float[] cuts = new float[cut ? count * 3 : 0]; // (A, 3)
        for (int r = 0; r < count; r++) {
            Continuation row = rows.get(r);
            SamplingParameters sampling = row.sampling;
            for (int s = 0; s < steps; s++) {
                uniforms[r * steps + s] = row.nextUniform();
            }
            temperatures[r] = sampling.temperature();
            held[r] = row.held();
            for (int e = 0; e < stops; e++) {
                ends[r * stops + e] =
                        e < sampling.stopTokens().size() ? sampling.stopTokens().get(e) : -1;
            }
            if (cut) {
                cuts[3 * r] = sampling.topK();
                cuts[3 * r + 1] = sampling.topP();
                cuts[3 * r + 2] = sampling.minP();
            }
        }
        return inputs.doubles(uniforms, count, steps)
                .floats(temperatures, count)
                .integers(held, count)
                .integers(ends, count, stops)
                .floats(cuts, cut ? count : 0, 3);
    }
}
