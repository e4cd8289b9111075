package io.foretell.launcher;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import io.foretell.sources.DocumentParser;
import io.foretell.sources.FileFormats;
import io.foretell.sources.FileSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code foretell ingest}: sends files to a running server. */
@Command(
        name = "ingest",
        description = {
            "Send documents in files to a running server.",
            "Reads .txt and .md (a document each), .jsonl, .ndjson and .json (a document per record), each also as .gz."
                    + " Sending a file twice adds nothing: the server knows its documents by their ids or their text."
        },
        footer = {
            "",
            "Examples: ./foretell ingest corpus/ notes.md 'dumps/*.jsonl.gz'",
            "          ./foretell ingest questions.jsonl --template '{question}\\n{answer}' --domain trivia",
            "Exit code: 0 when every document was accepted, else 1."
        },
        mixinStandardHelpOptions = true)
final class IngestCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PATH", arity = "1..*", description = "Files, folders with all in them, or globs.")
    private List<String> paths;

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8080",
            description = "The server (${DEFAULT-VALUE}).")
    private String url;

    @Option(
            names = "--template",
            paramLabel = "TEXT",
            description = "How a JSON record becomes a text, as in '{question}\\n{answer}' (its field \"text\").")
    private @Nullable String template;

    @Option(names = "--domain", paramLabel = "D", description = "Domain of documents that name none.")
    private @Nullable String domain;

    @Option(
            names = "--split",
            paramLabel = "paragraphs",
            description = "paragraphs: .txt and .md are cut at blank lines (each file is one document).")
    private @Nullable String split;

    @Option(names = "--api-key-file", paramLabel = "FILE", description = "A file with the server's API key (none).")
    private @Nullable Path apiKeyFile;

    @Override
    public Integer call() throws InterruptedException {
        if (split != null && !split.equals("paragraphs")) {
            throw new IllegalArgumentException("--split is '" + split + "' but must be paragraphs, or left out");
        }
        DocumentClient client = new DocumentClient(url, apiKeyFile, pause -> Thread.sleep(pause.toMillis()));
        List<Ingest.Part> parts = parts();
        return new Ingest(client, Time.system()::nanos).run(parts) ? 0 : 1;
    }

    /** Makes one source per file, so that errors name the file. */
    private List<Ingest.Part> parts() {
        Set<Path> files = new LinkedHashSet<>();
        for (String path : paths) {
            boolean isGlob = path.matches(".*[*?\\[{].*");
            if (!isGlob && !Files.exists(Path.of(path))) {
                throw new ForetellException(ErrorCode.NOT_FOUND, "there is no file or folder " + path);
            }
            files.addAll(new FileSource(path, null, null, false, new DocumentParser()).files());
        }
        List<Ingest.Part> parts = new ArrayList<>();
        for (Path file : files) {
            if (!FileFormats.isKnown(file)) {
                throw new ForetellException(ErrorCode.INVALID_REQUEST, file + " is not " + FileFormats.endings());
            }
            parts.add(new Ingest.Part(
                    file,
                    new FileSource(file.toString(), text(template), domain, split != null, new DocumentParser())));
        }
        return parts;
    }

    /** Converts \n typed in a shell, which passes it on as two characters. */
    private static @Nullable String text(@Nullable String typed) {
        return typed == null ? null : typed.replace("\\n", "\n").replace("\\t", "\t");
    }
}
