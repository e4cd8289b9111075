package io.foretell.policy;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.huggingface.PolicyException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The text of one active continuation, searched for stop strings. A stop string may begin and end inside tokens.
 * Characters with missing bytes are neither matched nor part of the text. Used by one thread at a time.
 */
public final class StopText implements StopCondition {
    private static final char INCOMPLETE = '\ufffd';
    private static final int MOST_PENDING = 16; // this many tokens without a complete character will never form one

    private final Tokenizer tokenizer;
    private final List<String> stops;
    private final int minTokens;
    private final StringBuilder text = new StringBuilder();
    private int[] tokens = new int[16];
    private int length;
    private int context; // tokens from here to `decoded` are decoded again with the ones after them
    private int decoded; // the text contains all tokens before this
    private int ahead; // characters of later tokens already in the text
    private @Nullable String reached;
    private int end;

    /**
     * @param stops none of them empty
     * @param minTokens a stop completed before this many tokens is ignored
     */
    public StopText(Tokenizer tokenizer, List<String> stops, int minTokens) {
        this.tokenizer = tokenizer;
        this.stops = List.copyOf(stops);
        this.minTokens = minTokens;
        if (stops.contains("")) {
            throw new PolicyException("a stop text is not empty");
        }
    }

    /**
     * A factory of one stop condition per continuation; null if there are no stops. Factories of the same values are
     * equal.
     */
    public static @Nullable Supplier<StopCondition> factory(Tokenizer tokenizer, List<String> stops, int minTokens) {
        return stops.isEmpty() ? null : new Factory(tokenizer, stops, minTokens);
    }

    private record Factory(Tokenizer tokenizer, List<String> stops, int minTokens) implements Supplier<StopCondition> {
        @Override
        public StopCondition get() {
            return new StopText(tokenizer, stops, minTokens);
        }
    }

    @Override
    public boolean isReached(int[] newTokens) {
        for (int token : newTokens) {
            add(token);
        }
        return reached != null;
    }

    /** The text up to the stop, excluding it. */
    public String text() {
        return text.substring(0, reached == null ? text.length() : end);
    }

    /** The stop found, or null. */
    public @Nullable String reached() {
        return reached;
    }

    private void add(int token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = token;
        if (reached != null) {
            return;
        }
        int known = decode(decoded).length() + ahead;
        String now = decode(length);
        boolean hopeless = length - decoded > MOST_PENDING;
        int whole = now.length();
        while (!hopeless && whole > 0 && now.charAt(whole - 1) == INCOMPLETE) {
            whole--;
        }
        int old = text.length();
        if (whole > known) {
            text.append(now, known, whole);
            ahead += whole - known;
        }
        if (whole == now.length() && (ahead > 0 || hopeless)) {
            context = decoded;
            decoded = length;
            ahead = 0;
        }
        if (text.length() > old && length >= minTokens) {
            find(old);
        }
    }

    /** Finds the stop that begins first among those that end after {@code old} characters. */
    private void find(int old) {
        for (String stop : stops) {
            int at = text.indexOf(stop, Math.max(0, old - stop.length() + 1));
            if (at >= 0 && (reached == null || at < end)) {
                reached = stop;
                end = at;
            }
        }
    }

    private String decode(int to) {
        return tokenizer.decode(TokenArray.of(Arrays.copyOfRange(tokens, context, to)));
    }
}
