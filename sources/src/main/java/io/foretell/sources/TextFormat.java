package io.foretell.sources;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Plain text: one document per file, or per paragraph if configured or if the file is too large for one document. */
final class TextFormat implements FileFormat {
    private static final int MAX_BYTES_PER_CHAR = 3;

    @Override
    public List<String> endings() {
        return List.of(".txt", ".md");
    }

    @Override
    public void read(Path file, InputStream content, Reading reading) throws IOException, InterruptedException {
        BufferedReader lines = LenientText.reader(content);
        int maxBytes = reading.parser().maxBytes();
        StringBuilder text = new StringBuilder();
        boolean split = reading.byParagraphs();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (split && line.isBlank()) {
                add(file, text, reading);
                continue;
            }
            text.append(line).append('\n');
            if (!split && text.length() > maxBytes) {
                split = true; // too large for one document
                addWholeParagraphs(file, text, reading);
            }
        }
        boolean mayBeTooLarge = !split && text.length() > maxBytes / MAX_BYTES_PER_CHAR;
        if (mayBeTooLarge && text.toString().getBytes(StandardCharsets.UTF_8).length > maxBytes) {
            addWholeParagraphs(file, text, reading);
        }
        add(file, text, reading);
    }

    /** Emits all complete paragraphs of {@code text} and leaves the last one in it. */
    private static void addWholeParagraphs(Path file, StringBuilder text, Reading reading) throws InterruptedException {
        String[] paragraphs = text.toString().split("\n[ \t]*\n");
        for (int i = 0; i < paragraphs.length - 1; i++) {
            add(file, new StringBuilder(paragraphs[i]), reading);
        }
        text.setLength(0);
        text.append(paragraphs[paragraphs.length - 1]);
    }

    private static void add(Path file, StringBuilder text, Reading reading) throws InterruptedException {
        String content = text.toString();
        text.setLength(0);
        if (!content.isBlank()) {
            reading.target().add(file.toString(), () -> reading.parser().of(null, content, reading.domain(), Map.of()));
        }
    }
}
