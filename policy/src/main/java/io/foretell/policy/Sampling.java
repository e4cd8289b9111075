package io.foretell.policy;

import io.foretell.objectives.FinishReason;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.TokenArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Batches requests for the program's decode loop. A prompt is prefilled once for all its continuations. Random numbers
 * are drawn here, one uniform per token from each continuation's own seed, so that a continuation does not depend on
 * its neighbours. Confined to the policy's thread.
 */
final class Sampling {
    private final PolicyProgram program;
    private final int tokenBudget;

    Sampling(PolicyProgram program, int tokenBudget) {
        this.program = program;
        this.tokenBudget = tokenBudget;
    }

    /** What all requests of one native call have in common. */
    private record Kind(int copies, int minTokens, int stopToken) {}

    List<List<Sample>> generate(List<GenerationRequest> requests) {
        Map<Kind, List<Integer>> kinds = new LinkedHashMap<>();
        for (int i = 0; i < requests.size(); i++) {
            GenerationRequest request = requests.get(i);
            requireSupported(request.sampling());
            Kind kind = new Kind(request.seeds().size(), request.sampling().minTokens(), nativeStop(request));
            kinds.computeIfAbsent(kind, unused -> new ArrayList<>()).add(i);
        }
        List<List<Sample>> samples = new ArrayList<>(java.util.Collections.nCopies(requests.size(), List.of()));
        kinds.forEach((kind, members) -> {
            members.sort(Comparator.comparingInt(i -> requests.get(i).prompt().length()
                    + requests.get(i).sampling().maxTokens()));
            for (List<Integer> batch : withinBudget(requests, members, kind.copies())) {
                List<GenerationRequest> chosen =
                        batch.stream().map(requests::get).toList();
                List<List<Sample>> results = run(kind, chosen);
                IntStream.range(0, batch.size()).forEach(i -> samples.set(batch.get(i), results.get(i)));
            }
        });
        return samples;
    }

    private static void requireSupported(SamplingParameters sampling) {
        if (sampling.temperature() == 0 || sampling.topP() < 1 || sampling.topK() > 0 || sampling.minP() > 0) {
            throw new PolicyException(
                    "this engine samples from the whole distribution only: temperature 0, top_p, top_k and min_p are"
                            + " not there yet");
        }
        if (sampling.minTokens() > 0 && sampling.stopTokens().size() > 1) {
            throw new PolicyException("this engine holds back one stop token only, not " + sampling.stopTokens());
        }
    }

    private static int nativeStop(GenerationRequest request) {
        List<Integer> stops = request.sampling().stopTokens();
        return stops.size() == 1 ? stops.get(0) : -1;
    }

    private List<List<Integer>> withinBudget(List<GenerationRequest> requests, List<Integer> members, int copies) {
        List<List<Integer>> batches = new ArrayList<>();
        List<Integer> batch = new ArrayList<>();
        for (int member : members) {
            GenerationRequest request = requests.get(member);
            long width = request.prompt().length() + request.sampling().maxTokens();
            if (!batch.isEmpty() && (batch.size() + 1L) * copies * width > tokenBudget) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(member);
        }
        batches.add(batch);
        return batches;
    }

    private List<List<Sample>> run(Kind kind, List<GenerationRequest> requests) {
        int prompts = requests.size();
        int rows = prompts * kind.copies();
        int width = requests.stream().mapToInt(r -> r.prompt().length()).max().orElseThrow();
        int steps =
                requests.stream().mapToInt(r -> r.sampling().maxTokens()).max().orElseThrow();
        long[] tokens = new long[prompts * width]; // (P, T)
        long[] pads = new long[prompts]; // (P,)
        double[] uniforms = new double[rows * steps]; // (B, N)
        long[] limits = new long[rows]; // (B,)
        float[] temperatures = new float[rows]; // (B,)
        for (int p = 0; p < prompts; p++) {
            GenerationRequest request = requests.get(p);
            TokenArray prompt = request.prompt();
            pads[p] = width - prompt.length();
            for (int t = 0; t < prompt.length(); t++) {
                tokens[p * width + (int) pads[p] + t] = prompt.at(t);
            }
            for (int c = 0; c < kind.copies(); c++) {
                int row = p * kind.copies() + c;
                limits[row] = request.sampling().maxTokens();
                temperatures[row] = request.sampling().temperature();
                SplittableRandom random = new SplittableRandom(request.seeds().get(c));
                for (int s = 0; s < request.sampling().maxTokens(); s++) {
                    uniforms[row * steps + s] = random.nextDouble();
                }
            }
        }
        double[] drawn = program.call(
                "generate",
                inputs -> inputs.integers(tokens, prompts, width)
                        .integers(pads, prompts)
                        .integer(kind.copies())
                        .doubles(uniforms, rows, steps)
                        .integers(limits, rows)
                        .floats(temperatures, rows)
                        .integer(kind.minTokens())
                        .integer(kind.stopToken()),
                array -> array.toDoubleArray()); // (B, 2N)
        List<List<Sample>> samples = new ArrayList<>();
        for (int p = 0; p < prompts; p++) {
            List<Sample> group = new ArrayList<>();
            for (int c = 0; c < kind.copies(); c++) {
                int row = p * kind.copies() + c;
                group.add(sample(
                        Arrays.copyOfRange(drawn, row * 2 * steps, (row + 1) * 2 * steps),
                        requests.get(p),
                        requests.get(p).seeds().get(c)));
            }
            samples.add(group);
        }
        return samples;
    }

    /** @param row (2N) token ids, -1 after the end, then their log-probabilities */
    private static Sample sample(double[] row, GenerationRequest request, long seed) {
        int steps = row.length / 2;
        SamplingParameters sampling = request.sampling();
        StopCondition condition =
                request.stops() == null ? unused -> false : request.stops().get();
        int length = 0;
        boolean stopped = false;
        while (!stopped && length < steps && row[length] >= 0) {
            int token = (int) row[length++];
            boolean reached = condition.isReached(new int[] {token});
            stopped = sampling.stopTokens().contains(token) || reached;
        }
        int[] ids = new int[length];
        float[] logProbs = new float[length];
        for (int s = 0; s < length; s++) {
            ids[s] = (int) row[s];
            logProbs[s] = (float) row[steps + s];
        }
        return new Sample(
                TokenArray.of(ids), FloatArray.of(logProbs), stopped ? FinishReason.STOP : FinishReason.LENGTH, seed);
    }
}
