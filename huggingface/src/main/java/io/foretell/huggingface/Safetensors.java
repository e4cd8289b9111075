package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.foretell.huggingface.SafetensorsHeader.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/**
 * The tensors of a safetensors file, or of the shards that an index lists: raw little-endian numbers after a
 * {@linkplain SafetensorsHeader header}. Tensors are read and written in slices, so files and tensors may exceed
 * memory. Confined to one thread at a time, because it reuses its buffers.
 */
public final class Safetensors {
    private static final Pattern SHARD = Pattern.compile("[\\w.+-]+\\.safetensors");

    private final Path source;
    private final Map<String, Entry> entries = new HashMap<>();
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private ByteBuffer floats = ByteBuffer.allocate(0);

    /** @param source the file named in errors about a missing tensor */
    private Safetensors(Path source) {
        this.source = source;
    }

    /** Opens {@code folder/NAME.safetensors}, or the shards that {@code NAME.safetensors.index.json} lists. */
    public static Safetensors open(Path folder, String name) {
        Path single = folder.resolve(name + ".safetensors");
        Path index = folder.resolve(name + ".safetensors.index.json");
        try {
            if (Files.isRegularFile(single)) {
                Safetensors tensors = new Safetensors(single);
                tensors.entries.putAll(SafetensorsHeader.read(single));
                return tensors;
            }
            if (!Files.isRegularFile(index)) {
                throw new PolicyException(
                        folder + " has neither " + single.getFileName() + " nor " + index.getFileName());
            }
            Safetensors tensors = new Safetensors(index);
            tensors.addShards(folder, index);
            return tensors;
        } catch (IOException e) {
            throw new PolicyException("cannot read the weights in " + folder + ": " + e.getMessage(), e);
        }
    }

    private void addShards(Path folder, Path index) throws IOException {
        Map<String, JsonNode> fields = SafetensorsHeader.fields(index, Files.readAllBytes(index), "it is not JSON");
        Map<String, Map<String, Entry>> headers = new HashMap<>();
        JsonNode weightMap = fields.getOrDefault("weight_map", NullNode.getInstance());
        for (Map.Entry<String, JsonNode> each : weightMap.properties()) {
            String shard = each.getValue().asText();
            if (!SHARD.matcher(shard).matches()) {
                throw new PolicyException(index + " names a shard that is not a file of its folder: '" + shard + "'");
            }
            if (!headers.containsKey(shard)) {
                headers.put(shard, SafetensorsHeader.read(folder.resolve(shard)));
            }
            Entry entry = headers.get(shard).get(each.getKey());
            if (entry == null) {
                throw new PolicyException(
                        index + " lists tensor " + each.getKey() + " in " + shard + ", which does not have it");
            }
            entries.put(each.getKey(), entry);
        }
    }

    /**
     * Passes the slices of tensor {@code name} to {@code consumer}, in order, converted to 32-bit floats.
     *
     * @throws PolicyException if there is no tensor of that name and shape, or it does not hold floats
     */
    public void read(String name, List<Integer> shape, Slice.Consumer consumer) {
        Entry entry = find(name, shape);
        FloatFormat format = FloatFormat.valueOf(entry.dtype());
        long at = entry.from();
        try (FileChannel channel = FileChannel.open(entry.file(), StandardOpenOption.READ)) {
            for (Slice slice : Slice.of(shape)) {
                if (slice.size() > Integer.MAX_VALUE / Float.BYTES) {
                    throw new PolicyException(entry.file() + ": tensor " + name + " has rows of more than 2 GiB");
                }
                int count = (int) slice.size();
                FloatBuffer values = next(channel, at, format, count);
                at += (long) format.width * count;
                consumer.accept(slice, values);
            }
        } catch (IOException e) {
            throw new PolicyException(entry.file() + ": tensor " + name + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** One slice of tensor {@code name}, converted to 32-bit floats; valid until the next read. */
    public FloatBuffer read(String name, List<Integer> shape, Slice slice) {
        Entry entry = find(name, shape);
        FloatFormat format = FloatFormat.valueOf(entry.dtype());
        long row = shape.isEmpty() ? 1 : Slice.size(shape.subList(1, shape.size()));
        try (FileChannel channel = FileChannel.open(entry.file(), StandardOpenOption.READ)) {
            return next(channel, entry.from() + format.width * row * slice.from(), format, (int) slice.size());
        } catch (IOException e) {
            throw new PolicyException(entry.file() + ": tensor " + name + " cannot be read: " + e.getMessage(), e);
        }
    }

    private FloatBuffer next(FileChannel channel, long at, FloatFormat format, int count) throws IOException {
        floats = atLeast(floats, Float.BYTES * count);
        if (format == FloatFormat.F32) {
            SafetensorsHeader.readFully(channel, floats, at);
            return floats.flip().asFloatBuffer();
        }
        bytes = atLeast(bytes, format.width * count);
        SafetensorsHeader.readFully(channel, bytes, at);
        FloatBuffer values = floats.asFloatBuffer();
        format.decode(bytes.flip(), values);
        return values.flip();
    }

    private static ByteBuffer atLeast(ByteBuffer buffer, int size) {
        ByteBuffer large = buffer.capacity() >= size ? buffer : ByteBuffer.allocateDirect(size);
        return large.clear().limit(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private Entry find(String name, List<Integer> shape) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new PolicyException(source + " has no tensor " + name);
        }
        if (!entry.shape().equals(shape)) {
            throw new PolicyException(entry.file() + ": tensor " + name + " has shape " + entry.shape()
                    + " but config.json asks for " + shape);
        }
        for (FloatFormat format : FloatFormat.values()) {
            if (format.name().equals(entry.dtype())) {
                return entry;
            }
        }
        throw new PolicyException(
                entry.file() + ": tensor " + name + " has type " + entry.dtype() + "; supported are F32, F16 and BF16");
    }

    /** All values of a tensor of at most 2 GiB, in a new buffer. */
    public FloatBuffer read(String name, List<Integer> shape) {
        Entry entry = find(name, shape);
        if (Slice.size(shape) > Integer.MAX_VALUE / Float.BYTES) {
            throw new PolicyException(entry.file() + ": tensor " + name + " is larger than 2 GiB in 32-bit floats");
        }
        FloatBuffer whole = ByteBuffer.allocateDirect(Float.BYTES * (int) Slice.size(shape))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        read(name, shape, (slice, values) -> whole.put(values));
        return whole.flip();
    }

    /** Writes one F32 file. */
    static void write(Path file, List<ModelConfig.Parameter> parameters, Slice.Source values) {
        SafetensorsWriter.file(file, parameters, FloatFormat.F32, values);
    }

    /** Writes one F32 file of tensors that fit in a buffer; requests one whole tensor at a time from {@code values}. */
    public static void write(Path file, List<ModelConfig.Parameter> parameters, IntFunction<FloatBuffer> values) {
        write(file, parameters, new Slice.Source() {
            private FloatBuffer rest = FloatBuffer.allocate(0);

            @Override
            public FloatBuffer values(int index, Slice slice) {
                if (slice.from() == 0) {
                    rest = values.apply(index);
                }
                FloatBuffer part = rest.slice(rest.position(), (int) slice.size());
                rest.position(rest.position() + (int) slice.size());
                return part;
            }
        });
    }
}
