package io.foretell.policy;

import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Packs score requests into padded batches of similar length. Confined to the policy's thread. */
final class Scoring {
    private final PolicyProgram program;
    private final int tokenBudget;

    Scoring(PolicyProgram program, int tokenBudget) {
        this.program = program;
        this.tokenBudget = tokenBudget;
    }

    List<Score> score(int weights, List<ScoreRequest> requests) {
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, requests.size()).boxed().toList());
        order.sort(Comparator.comparingInt(i -> requests.get(i).length()));
        Score[] scores = new Score[requests.size()];
        int from = 0;
        while (from < order.size()) {
            int to = from + 1;
            while (to < order.size()
                    && (to - from + 1L) * requests.get(order.get(to)).length() <= tokenBudget) {
                to++;
            }
            List<Integer> batch = order.subList(from, to);
            List<Score> results = run(weights, batch.stream().map(requests::get).toList());
            for (int i = 0; i < batch.size(); i++) {
                scores[batch.get(i)] = results.get(i);
            }
            from = to;
        }
        return Arrays.asList(scores);
    }

    private List<Score> run(int weights, List<ScoreRequest> batch) {
        int width = batch.stream().mapToInt(ScoreRequest::length).max().orElseThrow();
        int scored = batch.stream().mapToInt(r -> r.continuation().length()).sum();
        long[] tokens = new long[batch.size() * width]; // (B, T)
        long[] rows = new long[scored]; // (R,)
        long[] targets = new long[scored]; // (R,)
        int r = 0;
        for (int b = 0; b < batch.size(); b++) {
            ScoreRequest request = batch.get(b);
            int context = request.context().length();
            for (int t = 0; t < context; t++) {
                tokens[b * width + t] = request.context().at(t);
            }
            for (int t = 0; t < request.continuation().length(); t++) {
                int token = request.continuation().at(t);
                rows[r] = (long) b * width + context + t - 1;
                targets[r++] = token;
                if (context + t < width) {
                    tokens[b * width + context + t] = token;
                }
            }
        }
        float[] found = program.call(
                "score",
                inputs -> inputs.integer(weights)
                        .integers(tokens, batch.size(), width)
                        .integers(rows, scored)
                        .integers(targets, scored),
                array -> array.toFloatArray()); // (2, R)
        List<Score> scores = new ArrayList<>();
        int at = 0;
        for (ScoreRequest request : batch) {
            int length = request.continuation().length();
            boolean greedy = true;
            for (int i = at; i < at + length; i++) {
                greedy &= found[scored + i] > 0.5f;
            }
            scores.add(new Score(FloatArray.of(Arrays.copyOfRange(found, at, at + length)), greedy));
            at += length;
        }
        return scores;
    }

    /**
     * Entropy of the next-token distribution at each token of {@code text}, given the tokens before it, renormalised
     * over the {@code top} most likely tokens; entry 0 is 0.
     *
     * @param window maximum tokens that the model sees at once; in a longer text, each token is predicted from at
     *     least half as many tokens before it, if there are that many
     */
    FloatArray entropies(TokenArray text, int top, int window) {
        float[] entropies = new float[text.length()]; // (T)
        for (int from = 0, known = 1; known < text.length(); from += Math.max(1, window / 2)) {
            int to = Math.min(text.length() - 1, from + window); // the last token is only ever a target
            int first = known;
            long[] tokens =
                    LongStream.range(from, to).map(t -> text.at((int) t)).toArray(); // (1, T)
            long[] rows = LongStream.range(first - 1 - from, to - from).toArray(); // (R,)
            float[] found = program.call(
                    "entropies",
                    inputs -> inputs.integers(tokens, 1, tokens.length)
                            .integers(rows, rows.length)
                            .integer(top),
                    array -> array.toFloatArray());
            System.arraycopy(found, 0, entropies, first, found.length);
            known = to + 1;
        }
        return FloatArray.of(entropies);
    }
}
