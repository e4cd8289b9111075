package io.foretell.policy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts the rows of a decode step into spans: neighbouring rows that attend over as many columns as the longest of
 * them needs. Chooses the cheapest cuts; each span has a fixed price because calling an operator does.
 */
final class AttentionSpans {
    /**
     * Price of a span, in columns of one row: calling the operators costs as much as attention of one row over this
     * many.
     */
    static final int PRICE = 128;

    /** Maximum number of places for a cut; with more rows, several rows share a place. */
    private static final int MOST_PLACES = 128;

    private AttentionSpans() {}

    /**
     * @param filled columns in use per row (A,)
     * @return (n, 2) per span: the row after its last, and the maximum columns in use
     */
    static long[] of(long[] filled) {
        int rows = filled.length;
        int unit = (rows + MOST_PLACES - 1) / MOST_PLACES;
        int places = (rows + unit - 1) / unit;
        long[] cost = new long[places + 1]; // minimum cost of the rows before a place
        int[] from = new int[places + 1]; // where the last span before a place begins
        long[] width = new long[places + 1]; // columns of that span
        for (int to = 1; to <= places; to++) {
            cost[to] = Long.MAX_VALUE;
            int behind = Math.min(rows, to * unit);
            long widest = 0;
            for (int place = to - 1; place >= 0; place--) {
                int first = place * unit;
                for (int r = first; r < Math.min(behind, first + unit); r++) {
                    widest = Math.max(widest, filled[r]);
                }
                long with = cost[place] + (behind - first) * (widest + 1) + PRICE;
                if (with < cost[to]) {
                    cost[to] = with;
                    from[to] = place;
                    width[to] = widest;
                }
            }
        }
        List<long[]> spans = new ArrayList<>();
        for (int to = places; to > 0; to = from[to]) {
            spans.add(0, new long[] {Math.min(rows, to * unit), width[to]});
        }
        return spans.stream().flatMapToLong(Arrays::stream).toArray();
    }
}
