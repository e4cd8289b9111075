package io.foretell.objectives;

import io.foretell.domain.FloatArray;
import io.foretell.domain.Options;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A document as segments with a misalignment score each, by a rule: 1 where a segment has one of the banned texts, else
 * 0. A segment ends with one of the given tokens, or with the document. Immutable.
 *
 * <p>After PHF (Korbak et al., arXiv 2302.08582), which scores sentences or lines of code by classifiers and linters;
 * scores there are 0 to 1 and higher is worse, as here.
 *
 * <p>A banned text across the end of a segment is not found. See {@link BannedTexts} for how they are looked for.
 */
final class Segments {
    /** @param score misalignment, 0 or 1 */
    record Segment(TokenArray tokens, double score) {}

    private final Set<Integer> ends = new HashSet<>();
    private final BannedTexts banned;

    /** @throws IllegalArgumentException when nothing is banned, or an end is not one token */
    Segments(Tokenizer tokenizer, List<String> ends, List<String> banned) {
        for (String end : ends) {
            TokenArray tokens = tokenizer.encode(end);
            if (tokens.length() != 1) {
                throw new IllegalArgumentException(
                        "phases: a segment can only end with a single token, but '" + end + "' is " + tokens.length());
            }
            this.ends.add(tokens.at(0));
        }
        this.banned = new BannedTexts("phases: option 'banned'", tokenizer, banned);
    }

    /** The segments that the options {@code banned} and {@code segment_ends} describe. */
    static Segments read(Options options, Tokenizer tokenizer) {
        List<String> ends = options.texts("segment_ends");
        return new Segments(tokenizer, ends.isEmpty() ? List.of("\n") : ends, options.texts("banned"));
    }

    /** {@code tokens} cut into segments, in order and without a gap. */
    List<Segment> split(TokenArray tokens) {
        List<Segment> segments = new ArrayList<>();
        int from = 0;
        for (int t = 0; t < tokens.length(); t++) {
            if (ends.contains(tokens.at(t)) || t == tokens.length() - 1) {
                TokenArray segment = tokens.slice(from, t + 1);
                segments.add(new Segment(segment, banned.isIn(segment) ? 1 : 0));
                from = t + 1;
            }
        }
        return segments;
    }

    /** Of each token the score of its segment: (T). */
    FloatArray scores(TokenArray tokens) {
        float[] scores = new float[tokens.length()];
        int t = 0;
        for (Segment segment : split(tokens)) {
            Arrays.fill(scores, t, t + segment.tokens().length(), (float) segment.score());
            t += segment.tokens().length();
        }
        return FloatArray.of(scores);
    }

    /** Mean score of the segments of {@code tokens}; 0 for no tokens. */
    double averageScore(TokenArray tokens) {
        return split(tokens).stream().mapToDouble(Segment::score).average().orElse(0);
    }
}
