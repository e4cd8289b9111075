package io.foretell.sources;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/** JSON lines: one document per line. Blank lines are skipped. */
final class JsonLinesFormat implements FileFormat {
    @Override
    public List<String> endings() {
        return List.of(".jsonl", ".ndjson");
    }

    @Override
    public void read(Path file, InputStream content, Reading reading) throws IOException, InterruptedException {
        BufferedReader lines = LenientText.reader(content);
        long number = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            String record = line;
            if (!record.isBlank()) {
                reading.target()
                        .add(file + " line " + number, () -> reading.json().document(record));
            }
        }
    }
}
