package io.foretell.policy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs TorchScript source text into the archive that {@code torch.jit.load} reads: a zip of stored entries whose {@code
 * data.pkl} is a protocol-2 pickle of one object with the given attributes.
 */
final class TorchScriptArchive {
    private TorchScriptArchive() {}

    /**
     * @param source text of {@code code/__torch__.py}
     * @param className the module's class in that text
     * @param attributes by name: ints, doubles, booleans, empty lists, maps and optionals
     */
    static byte[] pack(String source, String className, Map<String, Object> attributes) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
                store(zip, "policy/data.pkl", pickle(className, attributes));
                store(zip, "policy/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
                store(zip, "policy/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
                store(zip, "policy/version", "10\n".getBytes(StandardCharsets.US_ASCII));
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] pickle(String className, Map<String, Object> attributes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x80, 2});
        out.write(("c__torch__\n" + className + "\n").getBytes(StandardCharsets.US_ASCII));
        out.write(new byte[] {')', (byte) 0x81, '}', '('});
        text(out, "training");
        out.write(0x89);
        for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
            text(out, attribute.getKey());
            value(out, attribute.getValue());
        }
        out.write(new byte[] {'u', 'b', '.'});
        return out.toByteArray();
    }

    private static void value(ByteArrayOutputStream out, Object value) throws IOException {
        if (value instanceof Boolean flag) {
            out.write(flag ? 0x88 : 0x89);
        } else if (value instanceof Integer number) {
            out.write('J');
            out.write(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(number)
                    .array());
        } else if (value instanceof Double number) {
            out.write('G');
            out.write(ByteBuffer.allocate(8).putDouble(number).array());
        } else if (value instanceof List<?> list && list.isEmpty()) {
            out.write(']');
        } else if (value instanceof Map<?, ?> map && map.isEmpty()) {
            out.write('}');
        } else if (value instanceof Optional<?> optional && optional.isEmpty()) {
            out.write('N');
        } else {
            throw new IllegalArgumentException("cannot pickle " + value.getClass());
        }
    }

    private static void text(ByteArrayOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.write('X');
        out.write(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.length)
                .array());
        out.write(bytes);
    }

    private static void store(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCompressedSize(bytes.length);
        entry.setCrc(crc.getValue());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
