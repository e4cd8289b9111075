package io.foretell.lab.bench;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * Documents of about 4 KB, each with its own id: seeded random words that compress like text. Confined to one thread.
 */
final class SampleDocuments {
    private static final int BYTES = 4096;
    private static final int TEXTS = 256;
    private static final int WORDS = 2000;

    private final byte[][] texts = new byte[TEXTS][];
    private long made;

    SampleDocuments(long seed) {
        Random random = new Random(seed);
        String[] words = new String[WORDS];
        for (int i = 0; i < WORDS; i++) {
            words[i] = random.ints(2 + random.nextInt(9), 'a', 'z' + 1)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
        }
        for (int i = 0; i < TEXTS; i++) {
            StringBuilder text = new StringBuilder();
            while (text.length() < BYTES - 60) {
                text.append(' ').append(words[random.nextInt(WORDS)]);
            }
            texts[i] = text.append("\"}").toString().getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** The next document as JSON. */
    Buffer next() {
        Buffer document = Buffer.buffer(BYTES + 64);
        appendNext(document);
        return document;
    }

    /** The next documents, one per line. */
    Buffer nextLines(int documents) {
        Buffer lines = Buffer.buffer(documents * (BYTES + 64));
        for (int i = 0; i < documents; i++) {
            appendNext(lines);
            lines.appendByte((byte) '\n');
        }
        return lines;
    }

    private void appendNext(Buffer to) {
        long number = made++;
        to.appendString("{\"id\":\"bench-" + number + "\",\"text\":\"" + number);
        to.appendBytes(texts[(int) (number % TEXTS)]);
    }
}
