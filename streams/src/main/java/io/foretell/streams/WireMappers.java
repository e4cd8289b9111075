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
        SimpleModule types = new SimpleModule("wire");
        add(types, TokenArray.class, WireMappers::writeTokens, WireMappers::readTokens);
        add(types, FloatArray.class, WireMappers::writeFloats, WireMappers::readFloats);
        add(types, Instant.class, (value, to) -> to.writeString(value.toString()), WireMappers::readInstant);
        return builder.addModule(types)
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

    private interface Write<T> {
        void write(T value, JsonGenerator to) throws IOException;
    }

    private interface Read<T> {
        T read(JsonParser from, DeserializationContext context) throws IOException;
    }

    private static <T> void add(SimpleModule types, Class<T> type, Write<T> write, Read<T> read) {
        types.addSerializer(type, new StdScalarSerializer<>(type) {
            @Override
            public void serialize(T value, JsonGenerator to, SerializerProvider provider) throws IOException {
                write.write(value, to);
            }
        });
        types.addDeserializer(type, new StdScalarDeserializer<>(type) {
            @Override
            public T deserialize(JsonParser from, DeserializationContext context) throws IOException {
                return read.read(from, context);
            }
        });
    }

    private static void writeTokens(TokenArray value, JsonGenerator to) throws IOException {
        ByteBuffer bytes = littleEndian(new byte[4 * value.length()]);
        bytes.asIntBuffer().put(value.toArray());
        to.writeBinary(bytes.array());
    }

    private static TokenArray readTokens(JsonParser from, DeserializationContext context) throws IOException {
        ByteBuffer bytes = binary(from, context, TokenArray.class);
        int[] ids = new int[bytes.capacity() / 4];
        bytes.asIntBuffer().get(ids);
        return TokenArray.of(ids);
    }

    private static void writeFloats(FloatArray value, JsonGenerator to) throws IOException {
        ByteBuffer bytes = littleEndian(new byte[4 * value.length()]);
        bytes.asFloatBuffer().put(value.toArray());
        to.writeBinary(bytes.array());
    }

    private static FloatArray readFloats(JsonParser from, DeserializationContext context) throws IOException {
        ByteBuffer bytes = binary(from, context, FloatArray.class);
        float[] values = new float[bytes.capacity() / 4];
        bytes.asFloatBuffer().get(values);
        return FloatArray.of(values);
    }

    private static Instant readInstant(JsonParser from, DeserializationContext context) throws IOException {
        return from.currentToken() == JsonToken.VALUE_STRING
                ? Instant.parse(from.getText())
                : (Instant) context.handleUnexpectedToken(Instant.class, from);
    }

    private static ByteBuffer binary(JsonParser from, DeserializationContext context, Class<?> type)
            throws IOException {
        byte[] bytes = from.currentToken() == JsonToken.VALUE_EMBEDDED_OBJECT
                ? from.getBinaryValue()
                : (byte[]) context.handleUnexpectedToken(type, from);
        if (bytes.length % 4 != 0) {
            context.reportInputMismatch(type, "a byte string of %d bytes is no array of 4-byte numbers", bytes.length);
        }
        return littleEndian(bytes);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
