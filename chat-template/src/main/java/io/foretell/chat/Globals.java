package io.foretell.chat;

import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** The functions that every template may call. Pure but for the clock. */
final class Globals {
    private static final Map<Character, String> DATE_PATTERNS = Map.ofEntries(
            Map.entry('d', "dd"),
            Map.entry('b', "MMM"),
            Map.entry('B', "MMMM"),
            Map.entry('m', "MM"),
            Map.entry('Y', "yyyy"),
            Map.entry('y', "yy"),
            Map.entry('H', "HH"),
            Map.entry('I', "hh"),
            Map.entry('M', "mm"),
            Map.entry('S', "ss"),
            Map.entry('p', "a"),
            Map.entry('A', "EEEE"),
            Map.entry('a', "EEE"),
            Map.entry('j', "DDD"));

    private Globals() {}

    static Map<String, @Nullable Object> of(InstantSource clock) {
        Map<String, @Nullable Object> globals = new HashMap<>();
        globals.put("raise_exception", (Function) (arguments, scope) -> {
            throw new ChatTemplateException("the chat template refuses these messages: "
                    + PythonText.of(arguments.of("raise_exception", "message").get(0, "message", "")));
        });
        globals.put("strftime_now", (Function) (arguments, scope) ->
                date(arguments.of("strftime_now", "format").text(0, "format", ""), clock));
        globals.put("namespace", (Function) (arguments, scope) -> namespace(arguments));
        globals.put("range", (Function) Globals::range);
        return globals;
    }

    private static Namespace namespace(Arguments arguments) {
        if (!arguments.places().isEmpty()) {
            throw ChatTemplateException.unsupported("namespace() with values that have no names");
        }
        return new Namespace(arguments.names());
    }

    private static List<?> range(Arguments arguments, Scope scope) {
        arguments.of("range", "start", "stop", "step");
        int count = arguments.places().size();
        long first = count > 1 ? arguments.number(0, "start", 0) : 0;
        long stop = arguments.number(count > 1 ? 1 : 0, "stop", 0);
        long step = arguments.number(2, "step", 1);
        if (count == 0 || step == 0) {
            throw new ChatTemplateException("the chat template calls range() without an end or with a step of 0");
        }
        long size = Math.max(0, (stop - first + step - Long.signum(step)) / step);
        scope.limits().items(size);
        return LongStream.range(0, size).mapToObj(i -> first + i * step).toList();
    }

    private static String date(String format, InstantSource clock) {
        ZonedDateTime now = ZonedDateTime.ofInstant(clock.instant(), ZoneId.systemDefault());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                text.append(c);
                continue;
            }
            char code = ++i < format.length() ? format.charAt(i) : '%';
            String pattern = DATE_PATTERNS.get(code);
            if (pattern == null && code != '%') {
                throw ChatTemplateException.unsupported("the date format %" + code);
            }
            text.append(
                    pattern == null
                            ? "%"
                            : DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH)
                                    .format(now));
        }
        return text.toString();
    }
}
