package io.foretell.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Document;
import io.foretell.platform.ForetellException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest {
    @TempDir
    Path folder;

    @Test
    void folderIsReadInOrderWithAllKindsOfFiles() throws Exception {
        write("a.txt", "one\n\ntwo\n");
        write("b.md", "# title\n");
        write("c.jsonl", "\uFEFF{\"text\":\"three\",\"id\":\"own\",\"url\":\"u\"}\n\n{\"text\":\"four\"}");
        write("d.json", "[{\"text\":\"five\"},{\"text\":\"six\"}]");
        write("e.json", "{\"text\":\"seven\"}");
        write("ignored.bin", "x");
        Files.write(folder.resolve("f.txt.gz"), zipped("eight"));
        FileSource source = new FileSource(folder, null, "files");
        List<Document> documents = feed(source);
        assertThat(documents)
                .extracting(Document::text)
                .containsExactly("one\n\ntwo", "# title", "three", "four", "five", "six", "seven", "eight");
        assertThat(documents.get(2).id()).isEqualTo("own");
        assertThat(documents.get(2).meta()).containsEntry("url", "u");
        assertThat(documents).extracting(Document::domain).containsOnly("files");
        assertThat(source.progress().done())
                .isEqualTo(source.progress().total())
                .isPositive();
    }

    @Test
    void paragraphsAreSplitWhenAskedOrWhenTheFileIsTooLarge() throws Exception {
        write("a.txt", "one\nmore\n\n\ntwo\n \nthree");
        assertThat(texts(new FileSource(folder.toString(), null, null, true, new DocumentParser())))
                .containsExactly("one\nmore", "two", "three");
        assertThat(texts(new FileSource(folder.toString(), null, null, false, new DocumentParser(10))))
                .containsExactly("one\nmore", "two", "three");
    }

    @Test
    void recordsWithoutTextAreFilledIntoTheTemplateOrAGuess() throws Exception {
        write("a.jsonl", "{\"id\":\"1\",\"question\":\"Q?\",\"answer\":\"A\",\"n\":3}");
        assertThat(texts(new FileSource(folder, "{question} -> {answer} ({n})", null)))
                .containsExactly("Q? -> A (3)");
        assertThat(texts(new FileSource(folder, null, null))).containsExactly("Q?\nA");
    }

    @Test
    void theFormatIsTheEndingOfTheNameInAnyCase() throws Exception {
        write("A.TXT", "one");
        write("b.NDJSON", "{\"text\":\"two\"}");
        Files.write(folder.resolve("c.Md.GZ"), zipped("three"));
        write("d.parquet", "four");
        FileSource source = new FileSource(folder, null, null);

        assertThat(texts(source)).containsExactlyInAnyOrder("one", "two", "three");
        FileSource other = new FileSource(folder.resolve("d.parquet"), null, null);
        assertThatThrownBy(() -> texts(other))
                .hasMessageContaining("d.parquet is not .txt, .md, .jsonl, .ndjson or .json (also .gz)");
    }

    @Test
    void unreadableRecordsAreCountedAndNeverFatal() throws Exception {
        write("a.jsonl", "{\"text\":\"ok\"}\nnot json\n[1]\n{\"n\":1}\n{\"text\":\" \"}\n{\"text\":\"fine\"}\n");
        FileSource source = new FileSource(folder, null, null);
        assertThat(texts(source)).containsExactly("ok", "fine");
        assertThat(source.skipped()).isEqualTo(4);
    }

    @Test
    void theSinkHearsWhichRecordsWereSkippedAndWhy() throws Exception {
        write("a.jsonl", "{\"text\":\"ok\"}\n[1]\n");
        List<String> heard = new ArrayList<>();
        new FileSource(folder, null, null).feed(new DocumentSource.Sink() {
            @Override
            public void accept(Document document) {}

            @Override
            public void skipped(String place, String reason) {
                heard.add(place + ": " + reason);
            }
        });
        assertThat(heard).containsExactly(folder.resolve("a.jsonl") + " line 2: it is not a JSON object");
    }

    @Test
    void brokenArchiveAndBrokenJsonAreReportedAndTheRestIsRead() throws Exception {
        byte[] whole = zipped("text ".repeat(20_000));
        Files.write(folder.resolve("a.txt.gz"), java.util.Arrays.copyOf(whole, whole.length / 2));
        write("b.json", "[{\"text\":\"five\"}, oops");
        write("c.txt", "last");
        FileSource source = new FileSource(folder, null, null);
        assertThat(texts(source)).contains("five", "last");
        assertThat(source.skipped()).isEqualTo(2);
    }

    @Test
    void globSelectsFilesAndAMissingOneIsAClearError() throws Exception {
        write("a.txt", "one");
        write("b.md", "two");
        assertThat(texts(new FileSource(folder + "/*.md", null, null, false, new DocumentParser())))
                .containsExactly("two");
        FileSource missing = new FileSource(folder + "/nothing", null, null, false, new DocumentParser());
        assertThatThrownBy(missing::files).isInstanceOf(ForetellException.class).hasMessageContaining("nothing");
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private static byte[] zipped(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            zip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static List<Document> feed(FileSource source) throws InterruptedException {
        List<Document> documents = new ArrayList<>();
        assertThat(source.feed(documents::add)).isEqualTo(documents.size());
        return documents;
    }

    private static List<String> texts(FileSource source) throws InterruptedException {
        return feed(source).stream().map(Document::text).toList();
    }
}
