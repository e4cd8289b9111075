package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Document;
import io.foretell.platform.Sha256;
import io.foretell.streams.DocumentIndex.Decision;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentIndexTest {
    @TempDir
    Path folder;

    @Test
    void decisionsDependOnOrderAndStayTheSame() {
        try (DocumentIndex index = DocumentIndex.open(folder, true)) {
            for (int pass = 0; pass < 2; pass++) {
                assertThat(decide(index, "a", "text 1", 0)).isEqualTo(Decision.ACCEPTED);
                assertThat(decide(index, "a", "text 1", 1)).isEqualTo(Decision.DUPLICATE);
                assertThat(decide(index, "b", "text 1", 2)).isEqualTo(Decision.DUPLICATE);
                assertThat(decide(index, "a", "text 2", 3)).isEqualTo(Decision.CONFLICT);
                assertThat(decide(index, "c", "text 2", 4)).isEqualTo(Decision.ACCEPTED);
                index.commit(5);
            }
        }
    }

    @Test
    void whatWasNotCommittedIsForgottenAndWhatWasIsKept() {
        try (DocumentIndex index = DocumentIndex.open(folder, true)) {
            decide(index, "a", "text 1", 0);
            index.commit(1);
            decide(index, "b", "text 2", 1);
            index.rollback();
            assertThat(decide(index, "c", "text 2", 2)).isEqualTo(Decision.ACCEPTED);
        }
        try (DocumentIndex index = DocumentIndex.open(folder, true)) {
            assertThat(index.next()).isEqualTo(1);
            assertThat(index.contentOf("a")).contains(Sha256.hex(Sha256.of("text 1")));
            assertThat(index.contentOf("b")).isEmpty();
            index.clear();
            assertThat(index.contentOf("a")).isEmpty();
            assertThat(index.next()).isZero();
        }
    }

    @Test
    void withoutDeduplicationOnlyConflictsAreRefused() {
        try (DocumentIndex index = DocumentIndex.open(folder, false)) {
            assertThat(decide(index, "a", "text 1", 0)).isEqualTo(Decision.ACCEPTED);
            assertThat(decide(index, "a", "text 1", 1)).isEqualTo(Decision.ACCEPTED);
            assertThat(decide(index, "a", "text 2", 2)).isEqualTo(Decision.CONFLICT);
        }
    }

    private static Decision decide(DocumentIndex index, String id, String text, long offset) {
        return index.decide(new Document(id, text, "", Map.of()), Sha256.of(text), offset);
    }
}
