package io.foretell.streams;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.MapperBuilder;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;

/**
 * Jackson set up for the wire: nothing missing, nothing coerced; token ids as a byte string of little-endian int32,
 * floats as one of little-endian float32, instants as ISO text. Thread-safe.
 */
final class WireMappers {
    private WireMappers() {}

    static ObjectMapper cbor() {
        return strict(CBORMapper.builder());
    }

    static ObjectMapper json() {
        return strict(JsonMapper.builder());
    }

    private static <M extends ObjectMapper, B extends MapperBuilder<M, B>> ObjectMapper strict(B builder) {
        SimpleModule arrays = new SimpleModule("arrays");
        arrays.addSerializer(TokenArray.class, new TokenWriter());
        arrays.addDeserializer(TokenArray.class, new TokenReader());
        arrays.addSerializer(FloatArray.class, new FloatWriter());
        arrays.addDeserializer(FloatArray.class, new FloatReader());
        arrays.addSerializer(Instant.class, new InstantWriter());
        arrays.addDeserializer(Instant.class, new InstantReader());
        return builder.addModule(arrays)
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .disable(MapperFeature.AUTO_DETECT_IS_GETTERS)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                .build();
    }

    private static byte[] binary(JsonParser parser, DeserializationContext context, Class<?> type) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_EMBEDDED_OBJECT) {
            return (byte[]) context.handleUnexpectedToken(type, parser);
        }
        byte[] bytes = parser.getBinaryValue();
        if (bytes.length % 4 != 0) {
            context.reportInputMismatch(type, "a byte string of %d bytes is no array of 4-byte numbers", bytes.length);
        }
        return bytes;
    }

    private static ByteBuffer buffer(int values) {
        return ByteBuffer.allocate(values * 4).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static final class TokenWriter extends StdScalarSerializer<TokenArray> {
        TokenWriter() {
            super(TokenArray.class);
        }

        @Override
        public void serialize(TokenArray value, JsonGenerator generator, SerializerProvider provider)
                throws IOException {
            ByteBuffer bytes = buffer(value.length());
            bytes.asIntBuffer().put(value.toArray());
            generator.writeBinary(bytes.array());
        }
    }

    private static final class TokenReader extends StdScalarDeserializer<TokenArray> {
        TokenReader() {
            super(TokenArray.class);
        }

        @Override
        public TokenArray deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            byte[] bytes = binary(parser, context, TokenArray.class);
            int[] ids = new int[bytes.length / 4];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ids);
            return TokenArray.of(ids);
        }
    }

    private static final class FloatWriter extends StdScalarSerializer<FloatArray> {
        FloatWriter() {
            super(FloatArray.class);
        }

        @Override
        public void serialize(FloatArray value, JsonGenerator generator, SerializerProvider provider)
                throws IOException {
            ByteBuffer bytes = buffer(value.length());
            bytes.asFloatBuffer().put(value.toArray());
            generator.writeBinary(bytes.array());
        }
    }

    private static final class FloatReader extends StdScalarDeserializer<FloatArray> {
        FloatReader() {
            super(FloatArray.class);
        }

        @Override
        public FloatArray deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            byte[] bytes = binary(parser, context, FloatArray.class);
            float[] values = new float[bytes.length / 4];
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
            return FloatArray.of(values);
        }
    }

    private static final class InstantWriter extends StdScalarSerializer<Instant> {
        InstantWriter() {
            super(Instant.class);
        }

        @Override
        public void serialize(Instant value, JsonGenerator generator, SerializerProvider provider) throws IOException {
            generator.writeString(value.toString());
        }
    }

    private static final class InstantReader extends StdScalarDeserializer<Instant> {
        InstantReader() {
            super(Instant.class);
        }

        @Override
        public Instant deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                return (Instant) context.handleUnexpectedToken(Instant.class, parser);
            }
            return Instant.parse(parser.getText());
        }
    }
}
