package io.foretell.platform;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes, written as {@code 8GiB}, {@code 512MiB}, {@code 10MB}, or a plain number.
 *
 * <p>KiB, MiB, GiB and TiB are powers of 1024 (IEC 80000-13); kB, MB, GB and TB are powers of 1000. Immutable.
 */
public record DataSize(long bytes) {
    private static final Pattern TEXT =
            Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(?:([KMGT])?(i)?B)?", Pattern.CASE_INSENSITIVE);
    private static final String PREFIXES = "KMGT";

    public DataSize {
        if (bytes < 0) {
            throw new IllegalArgumentException("a size must not be negative, but is " + bytes + " bytes");
        }
    }

    public static DataSize ofMebibytes(long mebibytes) {
        return new DataSize(Math.multiplyExact(mebibytes, 1L << 20));
    }

    /**
     * Reads a number with or without a unit.
     *
     * @throws IllegalArgumentException if the text has another form, or is not a whole number of bytes
     */
    public static DataSize parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches() || matcher.group(2) == null && matcher.group(3) != null) {
            throw new IllegalArgumentException("not a size: " + text);
        }
        int power =
                matcher.group(2) == null ? 0 : PREFIXES.indexOf(matcher.group(2).toUpperCase(Locale.ROOT)) + 1;
        BigDecimal base = BigDecimal.valueOf(matcher.group(3) == null ? 1000 : 1024);
        try {
            return new DataSize(
                    new BigDecimal(matcher.group(1)).multiply(base.pow(power)).longValueExact());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("not a whole number of bytes: " + text, e);
        }
    }

    /** The size in the largest binary unit that divides it, such as {@code 8GiB}; {@link #parse} reads it back. */
    @Override
    public String toString() {
        int power = bytes == 0 ? 0 : Math.min(Long.numberOfTrailingZeros(bytes) / 10, PREFIXES.length());
        return power == 0 ? bytes + "B" : (bytes >> 10 * power) + PREFIXES.substring(power - 1, power) + "iB";
    }
}
