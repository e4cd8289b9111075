package io.foretell.learner.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Document;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HeldOutDocumentsTest {
    private static Document document(String text, String domain) {
        return new Document("id of " + text, text, domain, Map.of());
    }

    private static HeldOutDocuments documents(int limit, String... domains) {
        return new HeldOutDocuments(new EvaluationSettings(0, true, limit, 1, List.of(domains)));
    }

    @Test
    void questionsAreThoughtAboutAndTextsMeasured() {
        HeldOutDocuments documents = documents(5);
        Document question = document("q", "held-out");
        Document text = document("t", "plain");
        documents.add(text);
        assertThat(documents.toThinkAbout()).as("without a question").containsExactly(text);

        documents.add(question);

        assertThat(documents.toThinkAbout()).containsExactly(question);
        assertThat(documents.texts()).containsExactly(text);
    }

    @Test
    void eachKindHasItsOwnLimitAndTheFirstStay() {
        HeldOutDocuments documents = documents(2);
        for (int i = 0; i < 4; i++) {
            assertThat(documents.isFull()).isEqualTo(i >= 2);
            documents.add(document("t" + i, "plain"));
            documents.add(document("q" + i, "held-out"));
        }

        assertThat(documents.texts()).extracting(Document::text).containsExactly("t0", "t1");
        assertThat(documents.toThinkAbout()).extracting(Document::text).containsExactly("q0", "q1");
    }

    @Test
    void theSameTextCountsOnce() {
        HeldOutDocuments documents = documents(5);
        documents.add(document("t", "plain"));
        documents.add(document("t", "other"));

        assertThat(documents.texts()).hasSize(1);
    }

    @Test
    void onlyTheDomainsNamedAreMeasured() {
        HeldOutDocuments documents = documents(5, "plain");
        documents.add(document("a", "plain"));
        documents.add(document("b", "thought"));
        documents.add(document("q", "held-out"));

        assertThat(documents.texts()).extracting(Document::text).containsExactly("a");
        assertThat(documents.toThinkAbout()).extracting(Document::text).containsExactly("q");
    }
}
