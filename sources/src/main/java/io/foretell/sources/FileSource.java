package io.foretell.sources;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import io.foretell.domain.Document;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import java.io.BufferedReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files as documents: .txt and .md as a whole or by paragraphs, .jsonl and .json by records, each also as .gz. A
 * document's id is its own or the hash of its text, so feeding a file twice adds nothing. Feeding is confined to one
 * thread; progress is thread-safe.
 */
public final class FileSource implements DocumentSource {
    private static final Logger log = LoggerFactory.getLogger(FileSource.class);
    private static final int NAMED_IN_LOG = 5;

    private final String path;
    private final boolean isByParagraphs;
    private final DocumentParser parser;
    private final @Nullable String domain;
    private final JsonLines lines;
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong skipped = new AtomicLong();
    private volatile long total;
    private long handedOver;

    public FileSource(Path path, @Nullable String template, @Nullable String domain) {
        this(path.toString(), template, domain, false, new DocumentParser());
    }

    /**
     * A source of one file, a folder with everything in it, or a glob.
     *
     * @param template how a record's fields become text; null for the field {@code text}, or a guess
     * @param domain of documents that name none
     * @param byParagraphs whether .txt and .md are split at blank lines
     */
    public FileSource(
            String path,
            @Nullable String template,
            @Nullable String domain,
            boolean byParagraphs,
            DocumentParser parser) {
        this.path = path;
        this.isByParagraphs = byParagraphs;
        this.parser = parser;
        this.domain = domain;
        this.lines = new JsonLines(parser, template, domain);
    }

    @Override
    public String name() {
        return path;
    }

    @Override
    public Progress progress() {
        return new Progress(done.get(), total);
    }

    @Override
    public long skipped() {
        return skipped.get();
    }

    /** The files that will be read, in order. */
    public List<Path> files() {
        try {
            Path plain = plainPath();
            if (plain != null && Files.isRegularFile(plain)) {
                return List.of(plain);
            }
            boolean isFolder = plain != null && Files.isDirectory(plain);
            Path root = isFolder ? plain : globRoot();
            String absolute = Path.of("").toAbsolutePath().resolve(path).toString();
            PathMatcher glob =
                    isFolder ? file -> true : FileSystems.getDefault().getPathMatcher("glob:" + absolute);
            List<Path> files = new ArrayList<>();
            if (Files.isDirectory(root)) {
                try (Stream<Path> walk = Files.walk(root)) {
                    walk.filter(Files::isRegularFile)
                            .filter(file -> kind(file) != Kind.UNKNOWN)
                            .filter(file -> glob.matches(file.toAbsolutePath()))
                            .sorted()
                            .forEach(files::add);
                }
            }
            if (files.isEmpty()) {
                throw new ForetellException(
                        ErrorCode.INVALID_REQUEST,
                        path + " has no files of .txt, .md, .jsonl or .json (also .gz); check the path");
            }
            return files;
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new ForetellException(ErrorCode.STORAGE, path + " cannot be listed: " + e.getMessage(), e);
        }
    }

    private @Nullable Path plainPath() {
        Path plain = Path.of(path);
        return Files.exists(plain) ? plain : null;
    }

    private Path globRoot() {
        Path root = Path.of("").toAbsolutePath();
        Path absolute = root.resolve(path);
        Path known = absolute.getRoot();
        for (Path part : absolute) {
            if (part.toString().matches(".*[*?\\[{].*")) {
                break;
            }
            known = known.resolve(part);
        }
        return known;
    }

    @Override
    public long feed(Sink sink) throws InterruptedException {
        List<Path> files = files();
        long bytes = 0;
        for (Path file : files) {
            bytes += file.toFile().length();
        }
        total = bytes;
        for (Path file : files) {
            feed(file, sink);
        }
        return handedOver;
    }

    private void feed(Path file, Sink sink) throws InterruptedException {
        long before = done.get();
        try (InputStream raw = new Counting(Files.newInputStream(file), done);
                InputStream content = isZipped(file) ? new GZIPInputStream(raw, 1 << 16) : raw) {
            switch (kind(file)) {
                case LINES -> feedLines(file, reader(content), sink);
                case JSON -> feedJson(file, content, sink);
                case TEXT -> feedText(file, reader(content), sink);
                case UNKNOWN ->
                    throw new ForetellException(
                            ErrorCode.INVALID_REQUEST, file + " is not .txt, .md, .jsonl or .json (also .gz)");
            }
        } catch (IOException e) {
            skip(file.toString(), "the rest cannot be read: " + e, sink);
        }
        done.set(before + file.toFile().length());
    }

    private static BufferedReader reader(InputStream content) {
        // One bad byte must not cost the rest of the file: such characters become U+FFFD and are found below.
        return new BufferedReader(
                new InputStreamReader(
                        content,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPLACE)
                                .onUnmappableCharacter(CodingErrorAction.REPLACE)),
                1 << 16);
    }

    private void feedLines(Path file, BufferedReader reader, Sink sink) throws IOException, InterruptedException {
        long number = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            number++;
            String record = number == 1 ? withoutMark(line) : line;
            if (!record.isBlank()) {
                hand(file + " line " + number, () -> lines.document(record), sink);
            }
        }
    }

    private void feedJson(Path file, InputStream content, Sink sink) throws IOException, InterruptedException {
        try (MappingIterator<JsonNode> records =
                Json.mapper().readerFor(JsonNode.class).readValues(content)) {
            // an array is unwrapped by the iterator; a lone object is one record
            long number = 0;
            while (records.hasNextValue()) {
                JsonNode record = records.nextValue();
                number++;
                hand(file + " record " + number, () -> lines.document(record), sink);
            }
        }
    }

    private void feedText(Path file, BufferedReader reader, Sink sink) throws IOException, InterruptedException {
        StringBuilder whole = new StringBuilder();
        boolean split = isByParagraphs;
        boolean first = true;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            String clean = first ? withoutMark(line) : line;
            first = false;
            if (split && clean.isBlank()) {
                handText(file, whole, sink);
                continue;
            }
            whole.append(clean).append('\n');
            if (!split && whole.length() > parser.maxBytes()) {
                split = true; // too large for one document
                handParagraphs(file, whole, sink);
            }
        }
        if (split || whole.length() <= parser.maxBytes() / 3) {
            handText(file, whole, sink);
        } else if (whole.toString().getBytes(StandardCharsets.UTF_8).length > parser.maxBytes()) {
            handParagraphs(file, whole, sink);
            handText(file, whole, sink);
        } else {
            handText(file, whole, sink);
        }
    }

    /** Hands over all whole paragraphs of {@code text} and leaves the last one in it. */
    private void handParagraphs(Path file, StringBuilder text, Sink sink) throws InterruptedException {
        String[] paragraphs = text.toString().split("\n[ \t]*\n");
        for (int i = 0; i < paragraphs.length - 1; i++) {
            handText(file, new StringBuilder(paragraphs[i]), sink);
        }
        text.setLength(0);
        text.append(paragraphs[paragraphs.length - 1]);
    }

    private void handText(Path file, StringBuilder text, Sink sink) throws InterruptedException {
        String content = text.toString();
        text.setLength(0);
        if (!content.isBlank()) {
            hand(file.toString(), () -> parser.of(null, content, domain, Map.of()), sink);
        }
    }

    private void hand(String place, java.util.function.Supplier<Document> read, Sink sink) throws InterruptedException {
        Document document;
        try {
            document = read.get();
        } catch (RejectedDocumentException e) {
            skip(place, String.valueOf(e.getMessage()), sink);
            return;
        }
        sink.accept(document);
        handedOver++;
    }

    private void skip(String place, String reason, Sink sink) {
        sink.skipped(place, reason);
        if (skipped.incrementAndGet() <= NAMED_IN_LOG) {
            log.warn("skipped {}: {}", place, reason);
        }
    }

    private static String withoutMark(String line) {
        return line.startsWith("\uFEFF") ? line.substring(1) : line;
    }

    private enum Kind {
        TEXT,
        LINES,
        JSON,
        UNKNOWN
    }

    private static boolean isZipped(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
    }

    private static Kind kind(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        String plain = isZipped(file) ? name.substring(0, name.length() - 3) : name;
        if (plain.endsWith(".txt") || plain.endsWith(".md")) {
            return Kind.TEXT;
        }
        if (plain.endsWith(".jsonl") || plain.endsWith(".ndjson")) {
            return Kind.LINES;
        }
        return plain.endsWith(".json") ? Kind.JSON : Kind.UNKNOWN;
    }

    /** Counts the bytes read from a file, packed ones where it is packed. */
    private static final class Counting extends FilterInputStream {
        private final AtomicLong count;

        Counting(InputStream in, AtomicLong count) {
            super(in);
            this.count = count;
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            count.addAndGet(b < 0 ? 0 : 1);
            return b;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count.addAndGet(Math.max(0, read));
            return read;
        }
    }
}
