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
 * Splits a document into segments and scores each by a rule: misalignment 1 if the segment contains a banned text, else
 * 0. A segment ends with one of the given tokens, or with the document. Immutable.
 *
 * <p>PHF (Korbak et al., arXiv 2302.08582) scores sentences or lines of code with classifiers and linters; its scores
 * too range from 0 to 1 and higher is worse.
 *
 * <p>A banned text that spans the end of a segment is not found. See {@link BannedTexts} for the matching.
 */
final class Segments {
    /** @param score misalignment, 0 or 1 */
    record Segment(TokenArray tokens, double score) {}

    private final Set<Integer> ends = new HashSet<>();
    private final BannedTexts banned;

    /** @throws IllegalArgumentException if nothing is banned, or an end is not a single token */
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

    /** {@code tokens} cut into consecutive segments. */
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

    /** The score of each token's segment: (T). */
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
