package io.foretell.learner.evaluation;

import io.foretell.domain.Document;
import io.foretell.sources.HeldOut;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Documents that never become tasks: those of domain {@code held-out}, whose last token is asked for, and those set
 * aside by {@code documents.held_out_fraction}. Thread-safe.
 */
public final class HeldOutDocuments {
    private final int limit;
    private final Set<String> nextTokenDomains;
    private final Map<String, Document> questions = new LinkedHashMap<>();
    private final Map<String, Document> texts = new LinkedHashMap<>();
    private final Map<String, Document> beginnings = new LinkedHashMap<>();

    public HeldOutDocuments(EvaluationSettings settings) {
        this.limit = settings.documents();
        this.nextTokenDomains = Set.copyOf(settings.nextTokenDomains());
    }

    /** Keeps a held-out document, unless there are enough of its kind. */
    public synchronized void add(Document document) {
        if (document.domain().equals(HeldOut.DOMAIN)) {
            keep(questions, document);
            return;
        }
        keep(beginnings, document);
        if (nextTokenDomains.isEmpty() || nextTokenDomains.contains(document.domain())) {
            keep(texts, document);
        }
    }

    private void keep(Map<String, Document> kind, Document document) {
        if (kind.size() < limit) {
            kind.putIfAbsent(document.text(), document);
        }
    }

    synchronized boolean isFull() {
        return questions.size() >= limit && texts.size() >= limit && beginnings.size() >= limit;
    }

    /** Documents to think about: the questions, or the texts where no question was sent. */
    public synchronized List<Document> toThinkAbout() {
        return new ArrayList<>((questions.isEmpty() ? texts : questions).values());
    }

    /** Documents of any domain, of which the model sees the beginning. */
    synchronized List<Document> beginnings() {
        return new ArrayList<>(beginnings.values());
    }

    /** Documents whose next-token loss is measured. */
    synchronized List<Document> texts() {
        return new ArrayList<>(texts.values());
    }
}
