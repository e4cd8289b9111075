package io.foretell.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * The safetensors format: eight bytes of header length, a JSON header of {@code name -> dtype, shape, data_offsets},
 * raw little-endian tensors. A file is hostile input: every range is checked before anything is read. Tensors are read
 * and written one at a time, so files may be larger than memory; one tensor holds at most 2 GiB.
 */
final class Safetensors {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MAX_HEADER = 100 << 20;
    private static final Map<String, Integer> WIDTHS = Map.of("F32", 4, "F16", 2, "BF16", 2);

    private record Entry(Path file, String dtype, List<Integer> shape, long from, long to) {}

    private final Map<String, Entry> entries = new HashMap<>();

    private Safetensors() {}

    /** Opens {@code folder/NAME.safetensors}, or the shards that {@code NAME.safetensors.index.json} lists. */
    static Safetensors open(Path folder, String name) {
        Path single = folder.resolve(name + ".safetensors");
        Path index = folder.resolve(name + ".safetensors.index.json");
        Safetensors tensors = new Safetensors();
        try {
            if (Files.isRegularFile(single)) {
                tensors.add(single);
            } else if (Files.isRegularFile(index)) {
                JsonNode map = JSON.readTree(Files.readAllBytes(index)).path("weight_map");
                Set<String> shards = new java.util.TreeSet<>();
                map.forEach(shard -> shards.add(shard.asText()));
                for (String shard : shards) {
                    if (shard.contains("/") || shard.contains("\\")) {
                        throw new PolicyException(index + " names a shard outside the folder: " + shard);
                    }
                    tensors.add(folder.resolve(shard));
                }
            } else {
                throw new PolicyException(
                        folder + " has neither " + single.getFileName() + " nor " + index.getFileName());
            }
            return tensors;
        } catch (IOException e) {
            throw new PolicyException("cannot read the weights in " + folder + ": " + e.getMessage(), e);
        }
    }

    private void add(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < 8) {
                throw new PolicyException(file + " is truncated: it has " + size + " bytes");
            }
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            readFully(channel, length, 0);
            long header = length.getLong(0);
            if (header < 2 || header > MAX_HEADER || header > size - 8) {
                throw new PolicyException(
                        file + " is damaged: its header claims " + header + " bytes of a file of " + size);
            }
            ByteBuffer text = ByteBuffer.allocate((int) header);
            readFully(channel, text, 8);
            JsonNode json;
            try {
                json = JSON.readTree(text.array());
            } catch (IOException e) {
                throw new PolicyException(file + " is damaged: its header is not JSON");
            }
            for (var fields = json.fields(); fields.hasNext(); ) {
                var field = fields.next();
                if (!field.getKey().equals("__metadata__")) {
                    entries.put(field.getKey(), entry(file, field.getKey(), field.getValue(), 8 + header, size));
                }
            }
        } catch (java.nio.file.NoSuchFileException e) {
            throw new PolicyException("the weights file " + file + " is missing");
        }
    }

    private static Entry entry(Path file, String name, JsonNode json, long base, long size) {
        String dtype = json.path("dtype").asText();
        List<Integer> shape = new ArrayList<>();
        long count = 1;
        for (JsonNode side : json.path("shape")) {
            shape.add(side.asInt(-1));
            count = side.asLong(-1) < 0 || count < 0 ? -1 : Math.multiplyExact(count, side.asLong());
        }
        long from = json.path("data_offsets").path(0).asLong(-1);
        long to = json.path("data_offsets").path(1).asLong(-1);
        if (from < 0 || to < from || to > size - base) {
            throw new PolicyException(file + " is damaged or truncated: tensor " + name + " lies at bytes " + from
                    + " to " + to + " of " + (size - base));
        }
        int width = WIDTHS.getOrDefault(dtype, 0);
        if (width != 0 && (count < 0 || to - from != count * width)) {
            throw new PolicyException(file + " is damaged: tensor " + name + " of shape " + shape + " and type " + dtype
                    + " does not fill " + (to - from) + " bytes");
        }
        return new Entry(file, dtype, shape, base + from, base + to);
    }

    /** The values of tensor {@code name}, converted to 32-bit floats. */
    FloatBuffer read(String name, List<Integer> shape) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new PolicyException("the weights have no tensor " + name);
        }
        if (!entry.shape().equals(shape)) {
            throw new PolicyException(entry.file() + ": tensor " + name + " has shape " + entry.shape()
                    + " but config.json asks for " + shape);
        }
        if (!WIDTHS.containsKey(entry.dtype())) {
            throw new PolicyException(entry.file() + ": tensor " + name + " has type " + entry.dtype()
                    + "; supported are F32, F16 and BF16");
        }
        if (entry.to() - entry.from() > Integer.MAX_VALUE) {
            throw new PolicyException(entry.file() + ": tensor " + name + " is larger than 2 GiB");
        }
        try (FileChannel channel = FileChannel.open(entry.file(), StandardOpenOption.READ)) {
            ByteBuffer bytes =
                    ByteBuffer.allocateDirect((int) (entry.to() - entry.from())).order(ByteOrder.LITTLE_ENDIAN);
            readFully(channel, bytes, entry.from());
            bytes.flip();
            return floats(entry.dtype(), bytes);
        } catch (IOException e) {
            throw new PolicyException(entry.file() + ": tensor " + name + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static FloatBuffer floats(String dtype, ByteBuffer bytes) {
        if (dtype.equals("F32")) {
            return bytes.asFloatBuffer();
        }
        FloatBuffer floats = ByteBuffer.allocateDirect(bytes.remaining() * 2)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        boolean brain = dtype.equals("BF16");
        while (bytes.hasRemaining()) {
            short half = bytes.getShort();
            floats.put(brain ? Float.intBitsToFloat(half << 16) : halfToFloat(half));
        }
        return floats.flip();
    }

    static float halfToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >> 10) & 0x1f;
        int mantissa = half & 0x3ff;
        if (exponent == 0) {
            return Float.intBitsToFloat(sign | Float.floatToIntBits(mantissa * 0x1p-24f));
        }
        int biased = exponent == 31 ? 255 : exponent + 112;
        return Float.intBitsToFloat(sign | biased << 23 | mantissa << 13);
    }

    /** Writes F32 tensors in order; {@code values} is asked for one tensor at a time. */
    static void write(Path file, List<ModelConfig.Parameter> parameters, IntFunction<FloatBuffer> values) {
        ObjectNode header = JSON.createObjectNode();
        header.putObject("__metadata__").put("format", "pt");
        long offset = 0;
        for (ModelConfig.Parameter parameter : parameters) {
            ObjectNode entry = header.putObject(parameter.name());
            entry.put("dtype", "F32");
            parameter.shape().forEach(entry.putArray("shape")::add);
            entry.putArray("data_offsets").add(offset).add(offset + 4 * parameter.size());
            offset += 4 * parameter.size();
        }
        StringBuilder text = new StringBuilder(header.toString());
        while (text.length() % 8 != 0) {
            text.append(' ');
        }
        byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(json.length).put(json).flip();
            writeFully(channel, start);
            for (int i = 0; i < parameters.size(); i++) {
                FloatBuffer floats = values.apply(i);
                ByteBuffer bytes =
                        ByteBuffer.allocateDirect(4 * floats.remaining()).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(floats);
                writeFully(channel, bytes);
            }
        } catch (IOException e) {
            throw new PolicyException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int read = channel.read(target, at);
            if (read < 0) {
                throw new IOException("the file ends at byte " + at);
            }
            at += read;
        }
    }
}
