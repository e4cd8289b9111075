package io.foretell.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The defaults, overlaid with the file, the environment and the command line, and the source of each value.
 *
 * <p>Confined to one call of {@link Configuration#load}.
 */
final class ConfigurationTree {
    private final ObjectNode defaults;
    private final ObjectNode resolved;
    private final String defaultsSource;
    private final Map<String, String> renamed;
    private final Map<String, String> sources = new TreeMap<>();

    /** @param renamed the new name of every renamed key */
    ConfigurationTree(ObjectNode defaults, String defaultsSource, Map<String, String> renamed) {
        this.defaults = defaults;
        this.resolved = defaults.deepCopy();
        this.defaultsSource = defaultsSource;
        this.renamed = renamed;
    }

    ObjectNode resolved() {
        return resolved;
    }

    /**
     * Overlays a tree: maps are merged, but an empty map clears a free-form one; other values are replaced as a whole.
     *
     * @throws ConfigurationException for a key missing from the defaults
     */
    void overlay(ObjectNode tree, String source) {
        overlay(resolved, defaults, tree, "", source);
    }

    /** The source of the value at this dotted key, or at the nearest key above it. */
    String sourceOf(String key) {
        for (String at = key; !at.isEmpty(); at = above(at)) {
            String source = sources.get(at);
            if (source != null) {
                return source;
            }
        }
        return defaultsSource;
    }

    /** Every dotted key of the defaults, sections included. */
    List<String> keys() {
        List<String> keys = new ArrayList<>();
        collect(defaults, "", keys);
        return keys;
    }

    private void overlay(ObjectNode target, JsonNode known, ObjectNode tree, String path, String source) {
        boolean isFreeForm = isFreeForm(known) && !path.isEmpty();
        tree.properties().forEach(entry -> {
            String key = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
            JsonNode value = entry.getValue();
            JsonNode knownValue = known.path(entry.getKey());
            if (!isFreeForm && knownValue.isMissingNode()) {
                throw unknown(key, value, source);
            }
            JsonNode present = target.path(entry.getKey());
            if (knownValue.isObject() && value.isNull()) {
                return;
            }
            if (knownValue.isObject() && !value.isObject()) {
                throw new ConfigurationException(
                        source + ": '" + key + "' must be a map of keys, not " + ConfigurationMapper.shown(key, value));
            }
            boolean clears = value.isEmpty() && isFreeForm(knownValue);
            if (present.isObject() && value.isObject() && !clears) {
                overlay((ObjectNode) present, knownValue, (ObjectNode) value, key, source);
                return;
            }
            target.set(entry.getKey(), value);
            sources.put(key, source);
        });
    }

    private static boolean isFreeForm(JsonNode known) {
        return !known.isObject() || known.isEmpty();
    }

    private ConfigurationException unknown(String key, JsonNode value, String source) {
        if (renamed.containsKey(key)) {
            return new ConfigurationException(source + ": " + key + " was renamed: use " + renamed.get(key));
        }
        String full = key;
        JsonNode inner = value;
        while (inner.isObject() && inner.size() == 1) {
            Map.Entry<String, JsonNode> only = inner.properties().iterator().next();
            full += "." + only.getKey();
            inner = only.getValue();
        }
        return new ConfigurationException(
                source + ": unknown key '" + full + "'; did you mean '" + NearestKey.find(full, keys()) + "'?");
    }

    private static void collect(JsonNode node, String path, List<String> keys) {
        node.properties().forEach(entry -> {
            String key = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
            keys.add(key);
            collect(entry.getValue(), key, keys);
        });
    }

    private static String above(String key) {
        int cut = Math.max(key.lastIndexOf('.'), key.lastIndexOf('['));
        return cut < 0 ? "" : key.substring(0, cut);
    }
}
