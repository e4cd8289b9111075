package io.foretell.tests;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import io.foretell.platform.DataSize;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The reference of all keys, made of the commented defaults and of the records that the keys are mapped to. Immutable.
 *
 * @param introduction the paragraph above the first key
 * @param keys in the order of the file, sections included
 */
record ConfigurationPage(String introduction, List<Key> keys) {
    private static final Pattern COMMENT = Pattern.compile("\\s*#\\s?(.*)");
    private static final Pattern ENTRY = Pattern.compile("(\\s*)([a-z0-9_]+):\\s*(.*)");

    /**
     * One key of the defaults.
     *
     * @param name dotted
     * @param fallback the default as it is written; empty for a section
     * @param meaning the comment above it
     */
    record Key(String name, String fallback, String meaning) {
        boolean isSection() {
            return fallback.isEmpty();
        }

        boolean isAtTheTop() {
            return !name.contains(".");
        }
    }

    /** Reads the text of {@code defaults.yaml}. */
    static ConfigurationPage read(String yaml) {
        List<String> paragraphs = new ArrayList<>();
        List<Key> keys = new ArrayList<>();
        List<String> path = new ArrayList<>();
        StringBuilder comment = new StringBuilder();
        for (String line : yaml.split("\n")) {
            Matcher text = COMMENT.matcher(line);
            Matcher entry = ENTRY.matcher(line);
            if (text.matches()) {
                comment.append(comment.isEmpty() || text.group(1).isBlank() ? "" : " ")
                        .append(text.group(1).strip());
            } else if (entry.matches()) {
                int depth = entry.group(1).length() / 2;
                path.subList(depth, path.size()).clear();
                path.add(entry.group(2));
                keys.add(new Key(String.join(".", path), entry.group(3), comment.toString()));
                comment.setLength(0);
            } else if (line.isBlank()) {
                paragraphs.add(comment.toString());
                comment.setLength(0);
            } else {
                throw new IllegalStateException("neither a key nor a comment: " + line);
            }
        }
        return new ConfigurationPage(paragraphs.get(0), List.copyOf(keys));
    }

    /** The page, its types from {@code root}. */
    String markdown(Class<?> root, String command) {
        Map<String, String> types = types(root);
        StringBuilder page = new StringBuilder("# Configuration\n\n" + introduction + "\n\n");
        page.append(
                        "This page is generated from [defaults.yaml](../server/src/main/resources/defaults.yaml) by\n\n    ")
                .append(command)
                .append("\n");
        for (Key key : keys) {
            if (key.isAtTheTop()) {
                page.append("\n## ").append(key.name()).append("\n\n");
                page.append(key.isSection() ? key.meaning() + "\n\n" : "");
                page.append("| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
            }
            if (!key.isSection()) {
                row(page, key, types.get(key.name()));
            } else if (!key.isAtTheTop()) {
                row(page, key, "section");
            }
        }
        return page.toString();
    }

    private static void row(StringBuilder page, Key key, String type) {
        String fallback = key.isSection() ? "" : "`" + key.fallback() + "`";
        page.append("| `%s` | %s | %s | %s |%n".formatted(key.name(), type, fallback, key.meaning()));
    }

    /** The type of every key that is no section, by its dotted name. */
    static Map<String, String> types(Class<?> root) {
        Map<String, String> types = new TreeMap<>();
        collect("", root, types);
        return types;
    }

    private static void collect(String section, Class<?> type, Map<String, String> types) {
        for (RecordComponent component : type.getRecordComponents()) {
            String key = section + new SnakeCaseStrategy().translate(component.getName());
            boolean isNullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
            if (component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)) {
                collect(section, component.getType(), types);
            } else if (component.getType().isRecord() && component.getType() != DataSize.class && !isNullable) {
                collect(key + ".", component.getType(), types);
            } else {
                types.put(key, name(component.getType()) + (isNullable ? " or null" : ""));
            }
        }
    }

    private static String name(Class<?> type) {
        if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
            return "whole number";
        }
        if (type == double.class || type == float.class || type == Double.class) {
            return "number";
        }
        if (type == boolean.class) {
            return "true or false";
        }
        if (type == Duration.class) {
            return "duration";
        }
        if (type == DataSize.class) {
            return "size";
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "list";
        }
        return Map.class.isAssignableFrom(type) || type.isRecord() ? "map" : "text";
    }
}
