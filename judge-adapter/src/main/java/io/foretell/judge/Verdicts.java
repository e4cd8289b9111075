package io.foretell.judge;

import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.judge.AnswerFormat.ParsedAnswer;
import io.foretell.judge.JudgeFailure.Kind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Combines single answers into one verdict. Pure functions. */
final class Verdicts {
    private Verdicts() {}

    /**
     * One answer, or one in each order; either the parsed answer or the failure.
     *
     * @param agreed for a pair shown in both orders, whether both answers prefer the same text
     */
    record JudgeSample(
            @Nullable ParsedAnswer reading,
            @Nullable Throwable failure,
            @Nullable Boolean agreed) {
        static JudgeSample of(ParsedAnswer reading) {
            return new JudgeSample(reading, null, null);
        }

        static JudgeSample of(Throwable failure) {
            return new JudgeSample(null, failure, null);
        }

        /** Combines both orders; the swapped answer prefers the first text if it prefers the one shown second. */
        JudgeSample withSwapped(JudgeSample other) {
            if (reading == null || other.reading == null) {
                return new JudgeSample(null, failure == null ? other.failure : failure, null);
            }
            double back = 1 - other.reading.score();
            boolean same = (reading.score() > 0.5) == (back > 0.5);
            return new JudgeSample(
                    new ParsedAnswer((reading.score() + back) / 2, reading.parts(), reading.text()), null, same);
        }
    }

    /** The mean over the available samples, if they are at least half of those requested. */
    static Verdict of(List<JudgeSample> samples) {
        List<ParsedAnswer> readings = samples.stream()
                .filter(sample -> sample.reading() != null)
                .map(JudgeSample::reading)
                .toList();
        if (2 * readings.size() < samples.size() || readings.isEmpty()) {
            return missing(samples, readings.size());
        }
        Map<String, Double> parts = new TreeMap<>();
        for (ParsedAnswer reading : readings) {
            reading.parts().forEach((name, value) -> parts.merge(name, value / readings.size(), Double::sum));
        }
        samples.stream()
                .filter(sample -> sample.agreed() != null)
                .mapToDouble(sample -> Boolean.TRUE.equals(sample.agreed()) ? 1 : 0)
                .average()
                .ifPresent(share -> parts.put("order_agreement", share));
        double score =
                readings.stream().mapToDouble(ParsedAnswer::score).average().orElse(Double.NaN);
        return new Verdict(RewardStatus.OK, score, readings.get(0).text(), parts);
    }

    private static Verdict missing(List<JudgeSample> samples, int had) {
        List<Throwable> failures = samples.stream()
                .filter(sample -> sample.failure() != null)
                .map(JudgeSample::failure)
                .toList();
        boolean late = failures.stream().allMatch(e -> e instanceof JudgeFailure known && known.kind() == Kind.TIMEOUT);
        Throwable first = failures.get(0);
        String reason = first instanceof JudgeFailure known ? known.sentence() : "the judge failed: " + first;
        String counted = samples.size() == 1 ? "" : " (" + had + " of " + samples.size() + " samples could be had)";
        return new Verdict(late ? RewardStatus.TIMEOUT : RewardStatus.FAILED, 0, reason + counted);
    }

    static Verdict failed(String reason) {
        return new Verdict(RewardStatus.FAILED, 0, reason);
    }
}
