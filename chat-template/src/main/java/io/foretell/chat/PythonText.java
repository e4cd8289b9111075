package io.foretell.chat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Values as Python writes them. Pure functions. */
final class PythonText {
    private PythonText() {}

    /** {@code str(value)}. */
    static String of(@Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Undefined) {
            return "";
        }
        return value instanceof Markup markup ? markup.text() : repr(value);
    }

    /** {@code repr(value)}. */
    static String repr(@Nullable Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Boolean flag) {
            return flag ? "True" : "False";
        }
        if (value instanceof String text) {
            return quoted(text);
        }
        if (value instanceof Double number) {
            return decimal(number);
        }
        if (value instanceof Tuple tuple) {
            return tuple.stream()
                    .map(PythonText::repr)
                    .collect(Collectors.joining(", ", "(", tuple.size() == 1 ? ",)" : ")"));
        }
        if (value instanceof Iterable<?> list) {
            StringBuilder text = new StringBuilder("[");
            list.forEach(item -> text.append(text.length() > 1 ? ", " : "").append(repr(item)));
            return text.append(']').toString();
        }
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> repr(entry.getKey()) + ": " + repr(entry.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
        }
        if (value instanceof Undefined) {
            return "Undefined";
        }
        if (value instanceof Long) {
            return value.toString();
        }
        throw new ChatTemplateException("the chat template writes " + Values.kind(value) + " as a text");
    }

    private static String quoted(String text) {
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        StringBuilder written = new StringBuilder().append(quote);
        text.codePoints().forEach(c -> {
            int known = "\n\r\t\\".indexOf(c);
            if (known >= 0) {
                written.append('\\').append("nrt\\".charAt(known));
            } else if (c == quote) {
                written.append('\\').append(quote);
            } else if (isPrintable(c)) {
                written.appendCodePoint(c);
            } else {
                String pattern = c < 256 ? "\\x%02x" : c < 65536 ? "\\u%04x" : "\\U%08x";
                written.append(String.format(Locale.ROOT, pattern, c));
            }
        });
        return written.append(quote).toString();
    }

    private static boolean isPrintable(int c) {
        int type = Character.getType(c);
        boolean separator = type == Character.SPACE_SEPARATOR
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
        boolean other = type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.SURROGATE
                || type == Character.PRIVATE_USE
                || type == Character.UNASSIGNED;
        return c == ' ' || !separator && !other;
    }

    /** The shortest decimal that reads back as {@code number}, in Python's form. */
    static String decimal(double number) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal exact = new BigDecimal(number);
        BigDecimal shortest = exact;
        for (int digits = 1; digits <= 17; digits++) {
            shortest = exact.round(new MathContext(digits));
            if (shortest.doubleValue() == number) {
                break;
            }
        }
        shortest = shortest.stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String digits = shortest.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return (number < 0 ? "-" : "")
                + mantissa
                + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
}
