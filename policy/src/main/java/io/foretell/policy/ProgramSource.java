package io.foretell.policy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The model program as one TorchScript class. Its source files are plain Python, each with a class that extends those
 * of earlier files. The archive loader supports neither inheritance nor imports, so the bodies of all classes become
 * one class, {@code Policy}. The loader also spells some names differently: the program's own functions and named
 * tuples have the prefix {@code __torch__}, numeric types are their codes, and {@code torch.nn.functional} is {@code
 * torch}.
 */
final class ProgramSource {
    private static final List<String> FILES =
            List.of("functional", "weights", "transformer", "scoring", "sampling", "backward", "training", "policy");

    /** Names in Python, as patterns, with their TorchScript spelling. */
    private static final Map<String, String> SPELLINGS = Map.of(
            "\\btorch\\.int64\\b", "4",
            "\\btorch\\.float32\\b", "6",
            "\\btorch\\.float64\\b", "7",
            "\\btorch\\.bfloat16\\b", "15",
            "\\btorch\\.float8_e4m3fn\\b", "24",
            "\\btorch\\.dtype\\b", "int",
            "\\btorch\\.ops\\.", "ops.",
            "\\btorch\\.linalg\\.", "torch.linalg_",
            "\\bF\\.(?=[a-z])", "torch.");

    private static final Pattern FILE_DOCSTRING = Pattern.compile("\\A\"\"\".*?\"\"\"\\n", Pattern.DOTALL);
    private static final Pattern STATEMENT = Pattern.compile("(?m)^(?=\\w)");
    private static final Pattern FUNCTION = Pattern.compile("\\Adef (\\w+)\\(");
    private static final Pattern CLASS =
            Pattern.compile("\\Aclass (\\w+)(\\(NamedTuple\\))?.*?:\\n( +\"\"\".*?\"\"\"\\n)?", Pattern.DOTALL);
    private static final Pattern ATTRIBUTE = Pattern.compile("(?m)^    (\\w+): ([^#\\n]+?) *(?:#.*)?$");

    private final StringBuilder members = new StringBuilder(); // of the class Policy
    private final StringBuilder definitions = new StringBuilder(); // functions and named tuples
    private final List<String> functions = new ArrayList<>();
    private final List<String> tuples = new ArrayList<>();

    ProgramSource() {
        for (String file : FILES) {
            String text = FILE_DOCSTRING.matcher(read(file)).replaceFirst("");
            STATEMENT.splitAsStream(text).forEach(this::add);
        }
    }

    private static String read(String file) {
        try (InputStream stream = ProgramSource.class.getResourceAsStream("program/" + file + ".py")) {
            if (stream == null) {
                throw new IllegalStateException("program/" + file + ".py is not on the class path");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds one top-level statement of a file; skips imports. */
    private void add(String statement) {
        Matcher function = FUNCTION.matcher(statement);
        Matcher type = CLASS.matcher(statement);
        if (function.find()) {
            functions.add(function.group(1));
            definitions.append(statement);
        } else if (type.find()) {
            String body = statement.substring(type.end());
            if (type.group(2) == null) {
                members.append(body);
            } else {
                tuples.add(type.group(1));
                definitions
                        .append("class ")
                        .append(type.group(1))
                        .append("(NamedTuple):\n")
                        .append(body);
            }
        }
    }

    /** The attributes that the classes declare, each with the empty value of its type. */
    Map<String, Object> attributes() {
        Map<String, Object> attributes = new LinkedHashMap<>();
        Matcher attribute = ATTRIBUTE.matcher(members);
        while (attribute.find()) {
            attributes.put(attribute.group(1), empty(attribute.group(2)));
        }
        return attributes;
    }

    private static Object empty(String type) {
        if (type.startsWith("List")) {
            return List.of();
        }
        return type.startsWith("Dict") ? Map.of() : Optional.empty();
    }

    /** The text of {@code code/__torch__.py} in an archive. */
    String torchScript() {
        String text = "class Policy(Module):\n    training: bool\n" + members + definitions;
        for (Map.Entry<String, String> spelling : SPELLINGS.entrySet()) {
            text = text.replaceAll(spelling.getKey(), spelling.getValue());
        }
        String own = "(?:" + String.join("|", tuples) + ")\\b|(?:" + String.join("|", functions) + ")(?=\\()";
        return text.replaceAll("(?<![\\w.]|class |def )(" + own + ")", "__torch__.$1");
    }
}
