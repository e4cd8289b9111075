package io.foretell.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * YAML as a JSON tree, with the YAML 1.2 core schema: {@code 1e-4} is a number, {@code no} and {@code 1:30} are
 * strings.
 *
 * <p>Duplicate keys are errors. Confined to one call.
 */
final class YamlTree {
    private static final int MAX_DEPTH = 50;

    private final String source;
    private final StandardConstructor scalars;

    private YamlTree(String source, LoadSettings settings) {
        this.source = source;
        this.scalars = new StandardConstructor(settings);
    }

    /**
     * Parses one document; an empty one gives the null node.
     *
     * @param source prefix of error messages, such as the file name
     * @throws ConfigurationException if the text is not YAML, or has a duplicate key
     */
    static JsonNode parse(String text, String source) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(source)
                .setSchema(new CoreSchema())
                .build();
        try {
            Optional<Node> root = new Compose(settings).composeString(text);
            return root.isEmpty()
                    ? JsonNodeFactory.instance.nullNode()
                    : new YamlTree(source, settings).node(root.get(), "", 0);
        } catch (MarkedYamlEngineException e) {
            throw new ConfigurationException(
                    source + ": not valid YAML"
                            + e.getProblemMark().map(YamlTree::at).orElse("") + ": " + e.getProblem(),
                    e);
        } catch (YamlEngineException e) {
            String reason = e.getMessage().lines().findFirst().orElse("the parser gives no reason");
            throw new ConfigurationException(source + ": not valid YAML: " + reason, e);
        }
    }

    private JsonNode node(Node node, String path, int depth) {
        if (depth > MAX_DEPTH) {
            throw new ConfigurationException(source + ": nested deeper than " + MAX_DEPTH + " levels" + at(node));
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
        return Json.mapper().valueToTree(scalars.constructSingleDocument(Optional.of(node)));
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

    private static String at(Node node) {
        return node.getStartMark().map(YamlTree::at).orElse("");
    }

    private static String at(Mark mark) {
        return " at line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1);
    }
}
