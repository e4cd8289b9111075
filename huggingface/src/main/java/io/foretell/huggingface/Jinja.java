package io.foretell.huggingface;

import app.cash.zipline.QuickJs;
import app.cash.zipline.QuickJsException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A chat template in Jinja, rendered by Hugging Face's own JavaScript library for chat templates. It runs in QuickJS,
 * packaged for the JVM by Zipline, which starts in 0.1 s and limits time, memory and depth. GraalJS starts in three
 * seconds with 61 MB of jars, and Rhino does not support the library's classes.
 *
 * <p>Each call has its own engine on the caller's thread, without files, network or classes. Immutable, thread-safe.
 *
 * <p>Differences from Jinja2, apart from rejected features: 1.0 is written 1; {@code %} and {@code int} round as in
 * JavaScript, and a division by zero is infinite; {@code length} counts UTF-16 units; {@code title} and {@code
 * capitalize} leave later letters unchanged; {@code safe} and the difference between lists and the pairs of {@code
 * items} are lost; macros see their caller's variables.
 */
final class Jinja {
    private static final Duration LONGEST = Duration.ofSeconds(2); // CPU time of its thread, not wall time
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int MOST_BYTES = 512 << 20;
    private static final int DEEPEST_STACK = 256 << 10;
    private static final long LARGEST_WHOLE_NUMBER = 1L << 53;
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    private static final Map<String, String> STRFTIME = Map.ofEntries(
            Map.entry("Y", "yyyy"),
            Map.entry("y", "yy"),
            Map.entry("m", "MM"),
            Map.entry("d", "dd"),
            Map.entry("B", "MMMM"),
            Map.entry("b", "MMM"),
            Map.entry("A", "EEEE"),
            Map.entry("a", "EEE"),
            Map.entry("H", "HH"),
            Map.entry("I", "hh"),
            Map.entry("M", "mm"),
            Map.entry("S", "ss"),
            Map.entry("p", "a"),
            Map.entry("j", "DDD"),
            Map.entry("%", "'%'"));

    private final String source;

    private Jinja(String source) {
        this.source = source;
    }

    /** @throws ChatTemplateException if it is damaged or uses features that the library does not support */
    static Jinja parse(String source) {
        call("check(" + json(source) + ")");
        return new Jinja(source);
    }

    /**
     * The text of a prompt.
     *
     * @param now for templates that insert the date
     * @throws ChatTemplateException if the template rejects the variables, fails or does not terminate
     */
    String render(JsonNode variables, ZonedDateTime now) {
        requireExact(variables);
        Map<String, String> time = new HashMap<>();
        STRFTIME.forEach(
                (letter, pattern) -> time.put(letter, now.format(DateTimeFormatter.ofPattern(pattern, Locale.US))));
        return call("render(" + json(source) + ", " + json(json(variables)) + ", " + json(time) + ")");
    }

    private static String call(String expression) {
        try (QuickJs engine = QuickJs.create()) {
            engine.setMemoryLimit(MOST_BYTES);
            engine.setMaxStackSize(DEEPEST_STACK);
            engine.execute(Scripts.COMPILED);
            long end = THREADS.getCurrentThreadCpuTime() + LONGEST.toNanos();
            engine.setInterruptHandler(() -> THREADS.getCurrentThreadCpuTime() > end);
            JsonNode answer = MAPPER.readTree((String) engine.evaluate(expression, "call.js"));
            if (answer.has("problem")) {
                throw new ChatTemplateException(answer.path("problem").textValue());
            }
            return answer.path("text").textValue();
        } catch (QuickJsException e) {
            throw new ChatTemplateException("the chat template does not come to an end within " + LONGEST.toSeconds()
                    + " seconds and " + (MOST_BYTES >> 20) + " MB, or is nested too deeply (" + e.getMessage() + ")");
        } catch (LinkageError e) {
            throw new ChatTemplateException("chat templates cannot be rendered on this machine: " + e);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** JavaScript integers are exact only up to 53 bits. */
    private static void requireExact(JsonNode node) {
        if (node.isIntegralNumber()
                && (!node.canConvertToLong() || Math.abs(node.longValue()) > LARGEST_WHOLE_NUMBER)) {
            throw new ChatTemplateException(
                    "a number of more than 53 bits cannot be given to a chat template: " + node);
        }
        node.forEach(Jinja::requireExact);
    }

    private static String json(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The library and our additions, compiled at first use. */
    private static final class Scripts {
        static final byte[] COMPILED = compile();

        private static byte[] compile() {
            try (QuickJs engine = QuickJs.create()) {
                String library = "const module = {exports: {}};\n(() => {" + read("vendor/jinja.cjs") + "})();\n";
                return engine.compile(library + read("chat.js") + "\nnull;", "jinja.js");
            }
        }

        private static String read(String name) {
            try (InputStream input = Jinja.class.getResourceAsStream(name)) {
                return new String(input.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
