package io.foretell.sources;

import io.foretell.domain.Document;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Documents from files of every {@link FileFormat}, optionally gzip-compressed. A document's id is its own or the hash
 * of its text, so feeding a file twice adds nothing. Feeding is confined to one thread; progress is thread-safe.
 */
public final class FileSource implements DocumentSource {
    private static final Logger log = LoggerFactory.getLogger(FileSource.class);
    private static final int NAMED_IN_LOG = 5;

    private final String path;
    private final boolean isByParagraphs;
    private final DocumentParser parser;
    private final @Nullable String domain;
    private final JsonRecords json;
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong skipped = new AtomicLong();
    private volatile long total;
    private long handedOver;

    public FileSource(Path path, @Nullable String template, @Nullable String domain) {
        this(path.toString(), template, domain, false, new DocumentParser());
    }

    /**
     * A source over one file, all files in a folder, or a glob.
     *
     * @param template how a record's fields become text; null for the field {@code text}, or a guess
     * @param domain domain of documents that name none
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
        this.json = new JsonRecords(parser, template, domain);
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

    /** The files to read, in order. */
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
                            .filter(file -> FileFormats.isKnown(file))
                            .filter(file -> glob.matches(file.toAbsolutePath()))
                            .sorted()
                            .forEach(files::add);
                }
            }
            if (files.isEmpty()) {
                throw new ForetellException(
                        ErrorCode.INVALID_REQUEST,
                        path + " has no files of " + FileFormats.endings() + "; check the path");
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
        FileFormat.Reading reading = new FileFormat.Reading(
                parser, json, domain, isByParagraphs, (place, document) -> hand(place, document, sink));
        for (Path file : files) {
            feed(file, reading, sink);
        }
        return handedOver;
    }

    private void feed(Path file, FileFormat.Reading reading, Sink sink) throws InterruptedException {
        FileFormat format = FileFormats.of(file)
                .orElseThrow(() ->
                        new ForetellException(ErrorCode.INVALID_REQUEST, file + " is not " + FileFormats.endings()));
        long before = done.get();
        try (InputStream raw = new Counting(Files.newInputStream(file), done);
                InputStream content = FileFormats.isPacked(file) ? new GZIPInputStream(raw, 1 << 16) : raw) {
            format.read(file, content, reading);
        } catch (IOException e) {
            skip(file.toString(), "the rest cannot be read: " + e, sink);
        }
        done.set(before + file.toFile().length());
    }

    private void hand(String place, Supplier<Document> read, Sink sink) throws InterruptedException {
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

    /** Counts the bytes read from a file, before decompression. */
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
