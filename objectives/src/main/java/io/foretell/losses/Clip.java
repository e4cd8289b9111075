package io.foretell.losses;

/** Which bound takes a token's gradient away or limits it, on the side on which that matters. */
public enum Clip {
    NONE,
    /** A &lt; 0 and the ratio below its lower bound. */
    LOW,
    /** A &gt; 0 and the ratio above its upper bound. */
    HIGH,
    /** A &lt; 0 and the ratio so large that the dual clip applies. */
    DUAL;

    /** The side on which a ratio lies beyond 1 - {@code low} or 1 + {@code high}. */
    static Clip of(double ratio, double advantage, double low, double high) {
        if (advantage > 0 && ratio > 1 + high) {
            return HIGH;
        }
        return advantage < 0 && ratio < 1 - low ? LOW : NONE;
    }
}
