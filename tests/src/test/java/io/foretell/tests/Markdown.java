package io.foretell.tests;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;

/** Pieces of generated pages. Pure functions. */
final class Markdown {
    private static final int SHORT = 100;
    private static final Separators SEPARATORS = Separators.createDefaultInstance()
            .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
            .withArrayValueSpacing(Separators.Spacing.AFTER)
            .withArrayEmptySeparator("")
            .withObjectEmptySeparator("");

    private Markdown() {}

    /** JSON on one line, as people write it. */
    static String json(JsonNode value) {
        Separators inLine = SEPARATORS.withObjectEntrySpacing(Separators.Spacing.AFTER);
        DefaultPrettyPrinter.NopIndenter nothing = DefaultPrettyPrinter.NopIndenter.instance;
        return written(
                value,
                new DefaultPrettyPrinter(inLine).withObjectIndenter(nothing).withArrayIndenter(nothing));
    }

    /** JSON with a line per member, or on one line where it is short. */
    static String indented(JsonNode value) {
        String line = json(value);
        if (line.length() <= SHORT) {
            return line;
        }
        return written(
                value,
                new DefaultPrettyPrinter(SEPARATORS)
                        .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                        .withArrayIndenter(DefaultPrettyPrinter.NopIndenter.instance));
    }

    private static String written(JsonNode value, DefaultPrettyPrinter printer) {
        try {
            return Json.mapper().writer(printer).writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
