package io.foretell.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.StringReader;
import java.math.BigInteger;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * YAML as a JSON tree, with the scalars of YAML 1.2: {@code 1e-4} is a number, {@code no} and {@code 1:30} are texts.
 *
 * <p>Duplicate keys are errors. Confined to one call.
 */
final class YamlTree {
    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+");
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
    private static final int DEEPEST = 50;

    private final String source;

    private YamlTree(String source) {
        this.source = source;
    }

    /**
     * Reads one document; an empty one is the null node.
     *
     * @param source what the sentences begin with, such as the file's name
     */
    static JsonNode parse(String text, String source) {
        try {
            Node root = new Yaml(new LoaderOptions()).compose(new StringReader(text));
            return root == null ? JsonNodeFactory.instance.nullNode() : new YamlTree(source).node(root, "", 0);
        } catch (MarkedYAMLException e) {
            throw new ConfigurationException(
                    source + ": not valid YAML" + at(e.getProblemMark()) + ": " + e.getProblem(), e);
        } catch (YAMLException e) {
            String reason = e.getMessage().lines().findFirst().orElse("it cannot be read");
            throw new ConfigurationException(source + ": not valid YAML: " + reason, e);
        }
    }

    private JsonNode node(Node node, String path, int depth) {
        if (depth > DEEPEST) {
            throw new ConfigurationException(source + ": nested deeper than " + DEEPEST + " levels" + at(node));
        }
        if (node instanceof MappingNode mapping) {
            return mapping(mapping, path, depth);
        }
        if (node instanceof SequenceNode sequence) {
            ArrayNode list = JsonNodeFactory.instance.arrayNode();
            for (Node each : sequence.getValue()) {
                list.add(node(each, path + "[" + list.size() + "]", depth + 1));
            }
            return list;
        }
        return scalar((ScalarNode) node);
    }

    private ObjectNode mapping(MappingNode mapping, String path, int depth) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (NodeTuple entry : mapping.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode scalar)) {
                throw new ConfigurationException(source + ": a key must be a word" + at(entry.getKeyNode()));
            }
            String key = scalar.getValue();
            String dotted = path.isEmpty() ? key : path + "." + key;
            if (object.has(key)) {
                throw new ConfigurationException(source + ": '" + dotted + "' is given twice" + at(scalar));
            }
            object.set(key, node(entry.getValueNode(), dotted, depth + 1));
        }
        return object;
    }

    private static JsonNode scalar(ScalarNode scalar) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        String text = scalar.getValue();
        if (scalar.getScalarStyle() != ScalarStyle.PLAIN) {
            return nodes.textNode(text);
        }
        return switch (text) {
            case "", "~", "null", "Null", "NULL" -> nodes.nullNode();
            case "true", "True", "TRUE" -> nodes.booleanNode(true);
            case "false", "False", "FALSE" -> nodes.booleanNode(false);
            case ".inf", "+.inf" -> nodes.numberNode(Double.POSITIVE_INFINITY);
            case "-.inf" -> nodes.numberNode(Double.NEGATIVE_INFINITY);
            default -> plain(text);
        };
    }

    private static JsonNode plain(String text) {
        if (WHOLE.matcher(text).matches()) {
            BigInteger whole = new BigInteger(text.startsWith("+") ? text.substring(1) : text);
            if (whole.bitLength() < Integer.SIZE) {
                return JsonNodeFactory.instance.numberNode(whole.intValue());
            }
            return whole.bitLength() < Long.SIZE
                    ? JsonNodeFactory.instance.numberNode(whole.longValue())
                    : JsonNodeFactory.instance.numberNode(whole);
        }
        return DECIMAL.matcher(text).matches()
                ? JsonNodeFactory.instance.numberNode(Double.parseDouble(text))
                : JsonNodeFactory.instance.textNode(text);
    }

    private static String at(Node node) {
        return at(node.getStartMark());
    }

    private static String at(Mark mark) {
        return mark == null ? "" : " at line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1);
    }
}
