package io.foretell.huggingface;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes safetensors files, fetching the values in slices. The same tensors give the same bytes. */
public final class SafetensorsWriter {
    /** Total tensor bytes above which transformers splits a model into shards. */
    public static final long SHARD_BYTES = 5_000_000_000L;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<ModelConfig.Parameter> parameters;
    private final FloatFormat format;
    private final Slice.Source source;
    private ByteBuffer bytes = ByteBuffer.allocate(0);

    private SafetensorsWriter(List<ModelConfig.Parameter> parameters, FloatFormat format, Slice.Source source) {
        this.parameters = parameters;
        this.format = format;
        this.source = source;
    }

    /** Writes all tensors into one file, in order. */
    public static void file(
            Path file, List<ModelConfig.Parameter> parameters, FloatFormat format, Slice.Source source) {
        new SafetensorsWriter(parameters, format, source).write(file, 0, parameters.size());
    }

    /**
     * Writes {@code NAME.safetensors}, or shards of at most {@code shardBytes} (or one tensor) with their {@code
     * NAME.safetensors.index.json}, replacing existing files of that name.
     */
    public static void folder(
            Path folder,
            String name,
            List<ModelConfig.Parameter> parameters,
            FloatFormat format,
            long shardBytes,
            Slice.Source source) {
        SafetensorsWriter writer = new SafetensorsWriter(parameters, format, source);
        try {
            delete(folder, name);
            writer.write(folder, name, writer.starts(shardBytes));
        } catch (IOException e) {
            throw new PolicyException("cannot write the weights in " + folder + ": " + FileTrouble.reason(e), e);
        } catch (PolicyException e) {
            deleteAfter(e, folder, name);
            throw e;
        }
    }

    private void write(Path folder, String name, List<Integer> starts) throws IOException {
        if (starts.size() == 2) {
            write(folder.resolve(name + ".safetensors"), 0, parameters.size());
            return;
        }
        ObjectNode index = JSON.createObjectNode();
        long total = parameters.stream().mapToLong(this::bytes).sum();
        index.putObject("metadata").put("total_size", total);
        ObjectNode weightMap = index.putObject("weight_map");
        for (int shard = 0; shard + 1 < starts.size(); shard++) {
            String file = String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", name, shard + 1, starts.size() - 1);
            write(folder.resolve(file), starts.get(shard), starts.get(shard + 1));
            parameters
                    .subList(starts.get(shard), starts.get(shard + 1))
                    .forEach(parameter -> weightMap.put(parameter.name(), file));
        }
        Files.write(
                folder.resolve(name + ".safetensors.index.json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(index));
    }

    /** A partial file is useless and occupies a full disk. */
    private static void deleteAfter(PolicyException failure, Path folder, String name) {
        try {
            delete(folder, name);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static void delete(Path folder, String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name + ".safetensors"));
        Files.deleteIfExists(folder.resolve(name + ".safetensors.index.json"));
        try (DirectoryStream<Path> shards = Files.newDirectoryStream(folder, name + "-*-of-*.safetensors")) {
            for (Path shard : shards) {
                Files.delete(shard);
            }
        }
    }

    private long bytes(ModelConfig.Parameter parameter) {
        return format.width * parameter.size();
    }

    /** The index of each shard's first tensor, then the number of tensors. */
    private List<Integer> starts(long shardBytes) {
        List<Integer> starts = new ArrayList<>(List.of(0));
        long filled = 0;
        for (int i = 0; i < parameters.size(); i++) {
            long size = bytes(parameters.get(i));
            if (filled > 0 && filled + size > shardBytes) {
                starts.add(i);
                filled = 0;
            }
            filled += size;
        }
        starts.add(parameters.size());
        return starts;
    }

    private void write(Path file, int start, int end) {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            writeFully(channel, header(start, end));
            for (int i = start; i < end; i++) {
                for (Slice slice : Slice.of(parameters.get(i).shape())) {
                    writeFully(channel, encoded(i, slice));
                }
            }
        } catch (IOException e) {
            throw new PolicyException("cannot write " + file + ": " + FileTrouble.reason(e), e);
        }
    }

    private ByteBuffer header(int start, int end) {
        ObjectNode header = JSON.createObjectNode();
        header.putObject("__metadata__").put("format", "pt");
        long offset = 0;
        for (ModelConfig.Parameter parameter : parameters.subList(start, end)) {
            ObjectNode entry = header.putObject(parameter.name());
            entry.put("dtype", format.name());
            parameter.shape().forEach(entry.putArray("shape")::add);
            entry.putArray("data_offsets").add(offset).add(offset + bytes(parameter));
            offset += bytes(parameter);
        }
        StringBuilder text = new StringBuilder(header.toString());
        while (text.length() % 8 != 0) {
            text.append(' ');
        }
        byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer buffer = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
        return buffer.putLong(json.length).put(json).flip();
    }

    private ByteBuffer encoded(int index, Slice slice) {
        FloatBuffer values = source.values(index, slice);
        if (values.remaining() != slice.size()) {
            throw new IllegalStateException(
                    parameters.get(index) + ": " + values.remaining() + " values were given for " + slice);
        }
        int size = Math.multiplyExact(values.remaining(), format.width);
        if (bytes.capacity() < size) {
            bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
        }
        bytes.clear();
        format.encode(values, bytes);
        return bytes.flip();
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
