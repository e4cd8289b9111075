package io.foretell.sources;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import io.foretell.platform.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/** JSON: one document per array element; a single object is one record. */
final class JsonFormat implements FileFormat {
    @Override
    public List<String> endings() {
        return List.of(".json");
    }

    @Override
    public void read(Path file, InputStream content, Reading reading) throws IOException, InterruptedException {
        try (MappingIterator<JsonNode> records =
                Json.mapper().readerFor(JsonNode.class).readValues(content)) {
            long number = 0;
            while (records.hasNextValue()) { // the iterator unwraps an array
                JsonNode record = records.nextValue();
                number++;
                reading.target()
                        .add(file + " record " + number, () -> reading.json().document(record));
            }
        }
    }
}
