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
 * The model program as one TorchScript class. Its files are plain Python, each with a class on top of that of the file
 * before. The loader of archives knows no inheritance and no imports, so the classes' bodies become one class, {@code
 * Policy}, and the few names that the loader spells differently are replaced: its own functions and tuples carry a prefix,
 * types of numbers are numbers, and {@code torch.nn.functional} is {@code torch}. Immutable.
 */
final class ProgramSource {
    private static final List<String> FILES =
            List.of("functional", "weights", "transformer", "scoring", "sampling", "backward", "training", "policy");

    private static final Map<String, String> SPELLINGS = new LinkedHashMap<>();

    static {
        SPELLINGS.put("\\btorch\\.int64\\b", "4");
        SPELLINGS.put("\\btorch\\.float32\\b", "6");
        SPELLINGS.put("\\btorch\\.float64\\b", "7");
        SPELLINGS.put("\\btorch\\.bfloat16\\b", "15");
        SPELLINGS.put("\\btorch\\.float8_e4m3fn\\b", "24");
        SPELLINGS.put("\\btorch\\.dtype\\b", "int");
        SPELLINGS.put("\\btorch\\.ops\\.", "ops.");
        SPELLINGS.put("\\btorch\\.linalg\\.", "torch.linalg_");
        SPELLINGS.put("\\bF\\.(?=[a-z])", "torch.");
    }

    private static final Pattern FILE_DOCSTRING = Pattern.compile("\\A\"\"\".*?\"\"\"\\n", Pattern.DOTALL);
    private static final Pattern STATEMENT = Pattern.compile("(?m)^(?=\\w)");
    private static final Pattern CLASS =
            Pattern.compile("\\Aclass (\\w+)(\\(NamedTuple\\))?.*?:\\n( +\"\"\".*?\"\"\"\\n)?", Pattern.DOTALL);
    private static final Pattern FUNCTION = Pattern.compile("\\Adef (\\w+)\\(");
    private static final Pattern ATTRIBUTE = Pattern.compile("(?m)^    (\\w+): ([^#\\n]+?) *(?:#.*)?$");

    private final StringBuilder body = new StringBuilder();
    private final StringBuilder others = new StringBuilder();
    private final List<String> tuples = new ArrayList<>();
    private final List<String> functions = new ArrayList<>();

    private ProgramSource() {}

    static ProgramSource read() {
        ProgramSource source = new ProgramSource();
        FILES.forEach(file -> source.add(text("program/" + file + ".py")));
        return source;
    }

    private static String text(String resource) {
        try (InputStream stream = ProgramSource.class.getResourceAsStream(resource)) {
            if (stream == null) {
                throw new IllegalStateException(resource + " is not on the class path");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String file) {
        for (String statement : STATEMENT.split(FILE_DOCSTRING.matcher(file).replaceFirst(""))) {
            Matcher type = CLASS.matcher(statement);
            Matcher function = FUNCTION.matcher(statement);
            if (function.find()) {
                functions.add(function.group(1));
                others.append(statement);
            } else if (type.find()) {
                String members = statement.substring(type.end());
                if (type.group(2) == null) {
                    body.append(members);
                } else {
                    tuples.add(type.group(1));
                    others.append("class ")
                            .append(type.group(1))
                            .append("(NamedTuple):\n")
                            .append(members);
                }
            } // what is left are imports
        }
    }

    /** Every attribute of the class, each with the empty value of its type. */
    Map<String, Object> attributes() {
        Map<String, Object> attributes = new LinkedHashMap<>();
        Matcher attribute = ATTRIBUTE.matcher(body);
        while (attribute.find()) {
            String type = attribute.group(2);
            Object empty = type.startsWith("List") ? List.of() : type.startsWith("Dict") ? Map.of() : Optional.empty();
            attributes.put(attribute.group(1), empty);
        }
        return attributes;
    }

    /** The text of {@code code/__torch__.py}. */
    String torchScript() {
        String text = "class Policy(Module):\n    training: bool\n" + body + others;
        for (Map.Entry<String, String> spelling : SPELLINGS.entrySet()) {
            text = text.replaceAll(spelling.getKey(), spelling.getValue());
        }
        String names = "(?:" + String.join("|", tuples) + ")\\b|(?:" + String.join("|", functions) + ")(?=\\()";
        return text.replaceAll("(?<![\\w.])(?<!class )(?<!def )(" + names + ")", "__torch__.$1");
    }
}
