package io.foretell.platform;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.deser.BeanDeserializerModifier;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Maps a resolved tree to records, strictly, and turns mismatches into error sentences. Thread-safe. */
final class ConfigurationMapper {
    private static final Pattern SECRET = Pattern.compile("(^|.*[._])(api_keys?|passwords?|secrets?)([.\\[].*|$)");
    private static final ObjectMapper MAPPER = mapper();

    private ConfigurationMapper() {}

    static <T> T map(ConfigurationTree tree, Class<T> type) {
        try {
            return MAPPER.treeToValue(tree.resolved(), type);
        } catch (UnrecognizedPropertyException e) {
            throw new ConfigurationException(unknown(e, tree), e);
        } catch (JsonMappingException e) {
            String sentence = MappingSentence.ofConstructor(e).orElseGet(() -> mismatch(e, tree));
            throw new ConfigurationException(sentence, e);
        } catch (JsonProcessingException e) {
            throw new ConfigurationException("the configuration cannot be used: " + e.getOriginalMessage(), e);
        }
    }

    static boolean isSecret(String key) {
        return SECRET.matcher(key).matches();
    }

    /** The value for error messages: short, and never a secret. */
    static String shown(String key, JsonNode value) {
        if (isSecret(key)) {
            return "what is given";
        }
        String text = value.toString();
        return text.length() > 60 ? text.substring(0, 57) + "..." : text;
    }

    private static String unknown(UnrecognizedPropertyException e, ConfigurationTree tree) {
        String key = MappingSentence.key(e);
        String section = key.substring(0, key.length() - e.getPropertyName().length());
        String nearest = NearestKey.find(
                e.getPropertyName(),
                e.getKnownPropertyIds().stream().map(Object::toString).toList());
        String unknown = tree.sourceOf(key) + ": unknown key '" + key + "'";
        return nearest.isEmpty() ? unknown + "; remove it" : unknown + "; did you mean '" + section + nearest + "'?";
    }

    private static String mismatch(JsonMappingException e, ConfigurationTree tree) {
        String key = MappingSentence.key(e);
        JsonNode given = at(tree.resolved(), e);
        String subject = tree.sourceOf(key) + ": '" + key + "' ";
        Class<?> target = e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        if (given.isMissingNode() || given.isNull() && target != null && target.isPrimitive()) {
            return subject + "is missing; it must be " + MappingSentence.expected(target);
        }
        if (e.getOriginalMessage().contains("out of range")) {
            return subject + "is out of range: " + shown(key, given);
        }
        return subject + "must be " + MappingSentence.expected(target) + ", not " + shown(key, given);
    }

    private static JsonNode at(JsonNode root, JsonMappingException e) {
        JsonNode node = root;
        for (JsonMappingException.Reference step : e.getPath()) {
            node = step.getFieldName() == null ? node.path(step.getIndex()) : node.path(step.getFieldName());
        }
        return node;
    }

    private static ObjectMapper mapper() {
        SimpleModule module = new SimpleModule("configuration");
        module.addDeserializer(
                Duration.class, new UnitReader<>(Duration.class, DurationText::ofSeconds, DurationText::parse));
        module.addDeserializer(
                DataSize.class,
                new UnitReader<>(DataSize.class, bytes -> new DataSize(bytes.longValueExact()), DataSize::parse));
        module.setDeserializerModifier(new BeanDeserializerModifier() {
            @Override
            public JsonDeserializer<?> modifyEnumDeserializer(
                    DeserializationConfig config, JavaType type, BeanDescription bean, JsonDeserializer<?> standard) {
                return new EnumReader(type.getRawClass());
            }
        });
        ObjectMapper mapper = Json.mapper()
                .copy()
                .registerModule(module)
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);
        mapper.coercionConfigFor(LogicalType.Textual)
                .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
        return mapper;
    }

    /** A number, or a string with a unit, such as {@code 30s} or {@code 8GiB}. */
    private static final class UnitReader<T> extends StdDeserializer<T> {
        private static final long serialVersionUID = 1L;

        private final transient Function<BigDecimal, T> ofNumber;
        private final transient Function<String, T> ofText;

        UnitReader(Class<T> type, Function<BigDecimal, T> ofNumber, Function<String, T> ofText) {
            super(type);
            this.ofNumber = ofNumber;
            this.ofText = ofText;
        }

        @Override
        public T deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            try {
                return parser.currentToken().isNumeric()
                        ? ofNumber.apply(parser.getDecimalValue())
                        : ofText.apply(parser.getValueAsString(""));
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw MismatchedInputException.from(parser, handledType(), String.valueOf(e.getMessage()));
            }
        }
    }

    /** The constant's name in any case, with - for _; true and false are also names. */
    private static final class EnumReader extends StdDeserializer<Object> {
        private static final long serialVersionUID = 1L;

        EnumReader(Class<?> type) {
            super(type);
        }

        @Override
        public Object deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            String given = normal(parser.getValueAsString(""));
            for (Object constant : handledType().getEnumConstants()) {
                if (normal(((Enum<?>) constant).name()).equals(given)
                        || normal(constant.toString()).equals(given)) {
                    return constant;
                }
            }
            throw MismatchedInputException.from(parser, handledType(), "no constant of this name");
        }

        private static String normal(String name) {
            return name.strip().toLowerCase(Locale.ROOT).replace('-', '_');
        }
    }
}
