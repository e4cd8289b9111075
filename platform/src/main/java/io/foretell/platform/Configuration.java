package io.foretell.platform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one process, as immutable records and as resolved YAML.
 *
 * <p>Later sources override earlier ones: defaults, file, environment, command line. Maps are merged key by key, but an
 * empty map clears a free-form one; other values are replaced as a whole. A key missing from the defaults is an error,
 * except below a default of {@code null} (any value) or {@code {}} (a free-form map). Immutable.
 */
public final class Configuration<T> {
    private static final String ENVIRONMENT_PREFIX = "FORETELL_";

    /**
     * The known keys.
     *
     * @param resource the class-path resource with every key and its default
     * @param renamed old dotted key to new one; the error for an old key names the new one
     */
    public record Defaults(String resource, Map<String, String> renamed) {
        public Defaults {
            renamed = Map.copyOf(renamed);
        }
    }

    private final T values;
    private final String yaml;

    private Configuration(T values, String yaml) {
        this.values = values;
        this.yaml = yaml;
    }

    /**
     * Resolves and validates all sources.
     *
     * @param defaultsOf the known keys and their defaults
     * @param file the user's file, or null
     * @param overrides {@code section.key=value} each, the value in YAML
     * @param environment variables; {@code FORETELL_SECTION__KEY} sets {@code section.key}. Names without {@code __}
     *     are ignored unless they name a top-level key.
     * @param type a record; the file's keys are its components in snake_case
     * @throws ConfigurationException with one sentence about the first error
     */
    public static <T> Configuration<T> load(
            Defaults defaultsOf,
            @Nullable Path file,
            List<String> overrides,
            Map<String, String> environment,
            Class<T> type) {
        ObjectNode defaults = object(resource(defaultsOf.resource(), type), defaultsOf.resource());
        ConfigurationTree tree = new ConfigurationTree(defaults, defaultsOf.resource(), defaultsOf.renamed());
        if (file != null) {
            tree.overlay(object(text(file), file.toString()), file.toString());
        }
        new TreeMap<>(environment).forEach((name, value) -> {
            if (name.startsWith(ENVIRONMENT_PREFIX)) {
                overlayVariable(tree, defaults, name, value);
            }
        });
        overrides.forEach(override -> overlayOverride(tree, override));
        T values = ConfigurationMapper.map(tree, type);
        return new Configuration<>(values, yaml(tree.resolved()));
    }

    public T values() {
        return values;
    }

    /** The resolved tree as YAML that can be loaded again; API keys, passwords and secrets are left null. */
    public String yaml() {
        return yaml;
    }

    private static void overlayVariable(ConfigurationTree tree, ObjectNode defaults, String name, String value) {
        String key = name.substring(ENVIRONMENT_PREFIX.length())
                .toLowerCase(Locale.ROOT)
                .replace("__", ".");
        if (key.contains(".") || defaults.has(key)) {
            String source = "environment variable " + name;
            tree.overlay(nested(key, YamlTree.parse(value, source)), source);
        }
    }

    private static void overlayOverride(ConfigurationTree tree, String override) {
        int cut = override.indexOf('=');
        if (cut <= 0) {
            throw new ConfigurationException("--set: '" + override + "' must look like section.key=value");
        }
        String key = override.substring(0, cut).strip();
        tree.overlay(nested(key, YamlTree.parse(override.substring(cut + 1), "--set " + key)), "--set");
    }

    private static ObjectNode nested(String key, JsonNode value) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ObjectNode at = root;
        String[] steps = key.split("\\.", -1);
        for (int i = 0; i < steps.length - 1; i++) {
            at = at.putObject(steps[i]);
        }
        at.set(steps[steps.length - 1], value);
        return root;
    }

    private static ObjectNode object(String text, String source) {
        JsonNode tree = YamlTree.parse(text, source);
        if (tree.isNull()) {
            return JsonNodeFactory.instance.objectNode();
        }
        if (tree instanceof ObjectNode object) {
            return object;
        }
        throw new ConfigurationException(source + ": must be a map of sections, not "
                + tree.getNodeType().name().toLowerCase(Locale.ROOT));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigurationException(file + ": there is no such file", e);
        } catch (CharacterCodingException e) {
            throw new ConfigurationException(file + ": is not text in UTF-8", e);
        } catch (IOException e) {
            String reason = Files.isDirectory(file) ? "is a folder, not a file" : "cannot be read: " + e.getMessage();
            throw new ConfigurationException(file + ": " + reason, e);
        }
    }

    private static String resource(String name, Class<?> owner) {
        try (InputStream input = owner.getResourceAsStream(name.startsWith("/") ? name : "/" + name)) {
            if (input == null) {
                throw new ConfigurationException(name + ": there is no such resource on the class path");
            }
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ConfigurationException(name + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static String yaml(ObjectNode tree) {
        try {
            return Json.yaml().writeValueAsString(withoutSecrets(tree.deepCopy()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can always be written", e);
        }
    }

    private static JsonNode withoutSecrets(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.fieldNames().forEachRemaining(key -> {
                if (ConfigurationMapper.isSecret(key)) {
                    object.putNull(key);
                }
            });
        }
        node.forEach(Configuration::withoutSecrets);
        return node;
    }
}
