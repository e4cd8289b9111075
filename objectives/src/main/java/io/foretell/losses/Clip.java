package io.foretell.losses;

/** Which bound removes or limits a token's gradient. Only the side where the bound has an effect counts. */
public enum Clip {
    NONE,
    /** A &lt; 0 and the ratio is below its lower bound. */
    LOW,
    /** A &gt; 0 and the ratio is above its upper bound. */
    HIGH,
    /** A &lt; 0 and the ratio is so large that the dual clip applies. */
    DUAL;

    /** The effective bound that the ratio exceeds, of 1 - {@code low} and 1 + {@code high}. */
    static Clip of(double ratio, double advantage, double low, double high) {
        if (advantage > 0 && ratio > 1 + high) {
            return HIGH;
        }
        return advantage < 0 && ratio < 1 - low ? LOW : NONE;
    }
}
