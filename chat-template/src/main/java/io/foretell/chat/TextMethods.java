package io.foretell.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Methods of Python's {@code str}. Pure functions. */
final class TextMethods {
    private TextMethods() {}

    static Function find(String text, String name) {
        return switch (name) {
            case "strip" -> (a, s) -> strip(text, chars(a.of(name, "chars")), true, true);
            case "lstrip" -> (a, s) -> strip(text, chars(a.of(name, "chars")), true, false);
            case "rstrip" -> (a, s) -> strip(text, chars(a.of(name, "chars")), false, true);
            case "split" -> (a, s) -> split(text, a.of(name, "sep", "maxsplit"), s, false);
            case "rsplit" -> (a, s) -> split(text, a.of(name, "sep", "maxsplit"), s, true);
            case "splitlines" -> (a, s) -> lines(text);
            case "startswith" -> (a, s) -> any(a.of(name, "prefix").get(0, "prefix", null), text::startsWith);
            case "endswith" -> (a, s) -> any(a.of(name, "suffix").get(0, "suffix", null), text::endsWith);
            case "upper" -> (a, s) -> text.toUpperCase(Locale.ROOT);
            case "lower" -> (a, s) -> text.toLowerCase(Locale.ROOT);
            case "capitalize" -> (a, s) -> capitalize(text);
            case "title" -> (a, s) -> title(text);
            case "replace" -> (a, s) -> replace(text, a.of(name, "old", "new", "count"), s);
            case "find" -> (a, s) -> place(text, text.indexOf(a.of(name, "sub").text(0, "sub", "")));
            case "rfind" ->
                (a, s) -> place(text, text.lastIndexOf(a.of(name, "sub").text(0, "sub", "")));
            case "count" -> (a, s) -> count(text, a.of(name, "sub").text(0, "sub", ""));
            case "join" ->
                (a, s) -> s.limits()
                        .text(Values.items(a.of(name, "items").get(0, "items", null)).stream()
                                .map(TextMethods::plain)
                                .collect(Collectors.joining(text)));
            case "removeprefix" ->
                (a, s) -> {
                    String prefix = a.of(name, "prefix").text(0, "prefix", "");
                    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
                };
            case "removesuffix" ->
                (a, s) -> {
                    String suffix = a.of(name, "suffix").text(0, "suffix", "");
                    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
                };
            case "isdigit" -> (a, s) -> all(text, Character::isDigit);
            case "isalpha" -> (a, s) -> all(text, Character::isLetter);
            case "isspace" -> (a, s) -> all(text, TextMethods::isSpace);
            default -> throw ChatTemplateException.unsupported("the method ." + name + "() of a text");
        };
    }

    private static String plain(@Nullable Object item) {
        if (item instanceof String text) {
            return text;
        }
        throw new ChatTemplateException("the chat template joins " + Values.kind(item) + " to a text");
    }

    /* The null is Python's None: white space. */
    private static @Nullable String chars(Arguments arguments) {
        return arguments.get(0, "chars", null) == null ? null : arguments.text(0, "chars", "");
    }

    static String strip(String text, @Nullable String chars, boolean left, boolean right) {
        IntPredicate cut = c -> chars == null ? isSpace(c) : chars.indexOf(c) >= 0;
        int from = 0;
        int to = text.length();
        while (left && from < to && cut.test(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (right && to > from && cut.test(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    /** White space as Python's {@code str.isspace} has it. */
    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static List<String> split(String text, Arguments arguments, Scope scope, boolean fromRight) {
        int most = arguments.number(1, "maxsplit", -1);
        if (arguments.get(0, "sep", null) == null) {
            if (most >= 0) {
                throw ChatTemplateException.unsupported("split() at white space with a limit");
            }
            return words(text);
        }
        String separator = arguments.text(0, "sep", "");
        if (separator.isEmpty()) {
            throw new ChatTemplateException("the chat template splits a text at an empty separator");
        }
        List<String> parts = new ArrayList<>();
        int from = 0;
        int to = text.length();
        int at = fromRight ? text.lastIndexOf(separator) : text.indexOf(separator);
        while (at >= 0 && parts.size() != most) {
            scope.limits().items(parts.size());
            parts.add(fromRight ? text.substring(at + separator.length(), to) : text.substring(from, at));
            if (fromRight) {
                to = at;
                at = text.lastIndexOf(separator, at - separator.length());
            } else {
                from = at + separator.length();
                at = text.indexOf(separator, from);
            }
        }
        parts.add(text.substring(from, to));
        if (fromRight) {
            Collections.reverse(parts);
        }
        return parts;
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (!isSpace(c)) {
                word.appendCodePoint(c);
            } else if (!word.isEmpty()) {
                words.add(word.toString());
                word.setLength(0);
            }
        });
        if (!word.isEmpty()) {
            words.add(word.toString());
        }
        return words;
    }

    static List<String> lines(String text) {
        List<String> lines =
                new ArrayList<>(List.of(text.split("\r\n|[\n\r\u000b\f\u001c-\u001e\u0085\u2028\u2029]", -1)));
        if (lines.get(lines.size() - 1).isEmpty()) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    private static boolean any(@Nullable Object given, java.util.function.Predicate<String> test) {
        return given instanceof Tuple several
                ? several.stream().anyMatch(each -> test.test(plain(each)))
                : test.test(plain(given));
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return text.substring(0, first).toUpperCase(Locale.ROOT)
                + text.substring(first).toLowerCase(Locale.ROOT);
    }

    private static String title(String text) {
        StringBuilder written = new StringBuilder();
        boolean inside = false;
        for (int c : text.codePoints().toArray()) {
            written.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return written.toString();
    }

    private static String replace(String text, Arguments arguments, Scope scope) {
        return replace(text, arguments.text(0, "old", ""), arguments.text(1, "new", ""), arguments, scope);
    }

    static String replace(String text, String old, String replacement, Arguments arguments, Scope scope) {
        if (arguments.get(2, "count", null) != null) {
            throw ChatTemplateException.unsupported("replace() with a count");
        }
        if (old.isEmpty()) {
            throw ChatTemplateException.unsupported("replace() of an empty text");
        }
        long grows = Math.max(0, replacement.length() - old.length());
        long most = text.length() / old.length();
        if (text.length() + grows * most > Limits.MOST_CHARACTERS) {
            scope.limits().text(text.length() + grows * count(text, old));
        }
        return scope.limits().text(text.replace(old, replacement));
    }

    private static long place(String text, int at) {
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    private static long count(String text, String part) {
        if (part.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1L;
        }
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static boolean all(String text, IntPredicate test) {
        return !text.isEmpty() && text.codePoints().allMatch(test);
    }
}
