package io.foretell.launcher;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.Document;
import io.foretell.platform.Json;
import io.foretell.server.Console;
import io.foretell.sources.DocumentSource;
import io.foretell.sources.FileSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Sends documents from files to a server in batches and shows progress. Confined to one thread. */
final class Ingest implements DocumentSource.Sink {
    static final int BATCH_DOCUMENTS = 200;
    static final int BATCH_BYTES = 1_000_000;
    private static final int REJECTIONS_SHOWN = 10;
    private static final long SECOND = 1_000_000_000L;
    private static final int BEGINNING = 40;

    private final DocumentClient client;
    private final LongSupplier nanos;
    private final long began;
    private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
    private final List<String> places = new ArrayList<>();
    private long accepted;
    private long rejectedByServer;
    private long skipped;
    private int shown;
    private long bytesBefore;
    private long bytesInAll;
    private long lastLine;
    private Path file = Path.of("");
    private FileSource source;

    /** @param nanos a clock, as {@link System#nanoTime} */
    Ingest(DocumentClient client, LongSupplier nanos) {
        this.client = client;
        this.nanos = nanos;
        this.began = nanos.getAsLong();
        this.lastLine = began;
    }

    /** One source of one file. */
    record Part(Path file, FileSource source) {}

    /** Sends everything; returns whether every document was taken. */
    boolean run(List<Part> parts) throws InterruptedException {
        parts.forEach(part -> bytesInAll += part.file().toFile().length());
        for (Part part : parts) {
            file = part.file();
            source = part.source();
            source.feed(this);
            skipped += source.skipped();
            bytesBefore += file.toFile().length();
            source = null;
        }
        flush();
        long rejected = rejectedByServer + skipped;
        if (rejected > shown) {
            Console.say("  and " + (rejected - shown) + " more");
        }
        Console.say(line() + String.format(Locale.ROOT, ", %.1f s", seconds()));
        return rejected == 0;
    }

    @Override
    public void accept(Document document) throws InterruptedException {
        ObjectNode line = Json.mapper().createObjectNode();
        line.put("id", document.id()).put("text", document.text());
        if (!document.domain().isEmpty()) {
            line.put("domain", document.domain());
        }
        if (!document.meta().isEmpty()) {
            line.set("meta", Json.mapper().valueToTree(document.meta()));
        }
        try {
            batch.write(Json.mapper().writeValueAsBytes(line));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        batch.write('\n');
        places.add(file + " \"" + beginning(document.text()) + "\"");
        if (places.size() == BATCH_DOCUMENTS || batch.size() >= BATCH_BYTES) {
            flush();
            progress();
        }
    }

    @Override
    public void skipped(String place, String reason) {
        show("skipped " + place + ": " + reason);
    }

    private static String beginning(String text) {
        String flat = text.replace('\n', ' ');
        return flat.length() <= BEGINNING ? flat : flat.substring(0, BEGINNING) + "...";
    }

    private void flush() throws InterruptedException {
        if (places.isEmpty()) {
            return;
        }
        DocumentClient.Answer answer = client.post(batch.toByteArray());
        accepted += answer.accepted();
        rejectedByServer += answer.rejected().size();
        for (DocumentClient.Rejection rejection : answer.rejected()) {
            int index = rejection.line() - 1;
            String place = index >= 0 && index < places.size() ? places.get(index) : file.toString();
            show(place + ": " + rejection.detail());
        }
        batch.reset();
        places.clear();
    }

    private void progress() {
        long now = nanos.getAsLong();
        if (now - lastLine >= SECOND) {
            lastLine = now;
            Console.say(line());
        }
    }

    private void show(String sentence) {
        if (shown < REJECTIONS_SHOWN) {
            shown++;
            Console.warn(sentence);
        }
    }

    private double seconds() {
        return Math.max(1e-3, (nanos.getAsLong() - began) / (double) SECOND);
    }

    private String line() {
        long bytes = bytesBefore + (source == null ? 0 : source.progress().done());
        long rejected = rejectedByServer + skipped + (source == null ? 0 : source.skipped());
        return String.format(
                Locale.ROOT,
                "%d documents, %s of %s, %.0f documents/s, %d rejected",
                accepted,
                HumanSizes.format(bytes),
                HumanSizes.format(bytesInAll),
                accepted / seconds(),
                rejected);
    }
}
