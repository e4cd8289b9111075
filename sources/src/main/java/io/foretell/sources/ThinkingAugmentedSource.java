package io.foretell.sources;

import io.foretell.domain.Document;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TPT, thinking augmented pre-training (Wang et al., arXiv 2509.20186): adds a model's thoughts to each document of
 * another source. Training is then plain next-token prediction.
 *
 * <pre>x = [ d ; t ],   t ~ thinker(. | d)        loss on all tokens of x</pre>
 *
 * <p>A document's id gets the suffix {@value #MARK}, which makes feeding idempotent: a document already stored under
 * that id is not sent to the thinker again, and one in flight when the source stopped is stored once. If the thinker
 * fails, the document is skipped, counted, and retried at the next start. After {@value #LAST_STRAW} failures in a row
 * the source stops instead of skipping more.
 *
 * <p>Where we differ: long documents are not split for the thinker, which refuses those that are too long; the paper's
 * variant with a reading position is missing.
 */
public final class ThinkingAugmentedSource implements DocumentSource {
    private static final Logger log = LoggerFactory.getLogger(ThinkingAugmentedSource.class);
    private static final Duration LONGEST_THOUGHT = Duration.ofHours(2); // including the thinker's queues
    private static final int NAMED_IN_LOG = 5;
    static final String MARK = "+thoughts";
    static final int LAST_STRAW = 32;

    private record Thinking(Document document, CompletableFuture<Verdict> thoughts) {}

    private final DocumentSource documents;
    private final String template;
    private final Function<String, CompletableFuture<Verdict>> thinker;
    private final Predicate<String> isKnown;
    private final int atOnce;
    private final Deque<Thinking> underWay = new ArrayDeque<>();
    private final AtomicLong failed = new AtomicLong();
    private int failedInARow;
    private long handedOver;

    /**
     * @param template template with the placeholders {@code {text}} and {@code {thoughts}}
     * @param thinker returns thoughts about a text as a verdict's reason; never completes exceptionally
     * @param isKnown whether a document with this id already exists
     * @param atOnce maximum documents in flight to the thinker
     */
    public ThinkingAugmentedSource(
            DocumentSource documents,
            String template,
            Function<String, CompletableFuture<Verdict>> thinker,
            Predicate<String> isKnown,
            int atOnce) {
        this.documents = documents;
        this.template = template;
        this.thinker = thinker;
        this.isKnown = isKnown;
        this.atOnce = atOnce;
    }

    @Override
    public String name() {
        return documents.name() + " with thoughts";
    }

    @Override
    public Progress progress() {
        return documents.progress();
    }

    @Override
    public long skipped() {
        return documents.skipped() + failed.get();
    }

    /** Keeps the order of the documents. */
    @Override
    public long feed(Sink sink) throws InterruptedException {
        documents.feed(document -> {
            if (isKnown.test(document.id() + MARK)) {
                return;
            }
            underWay.addLast(new Thinking(document, thinker.apply(document.text())));
            if (underWay.size() >= atOnce) {
                handOver(underWay.removeFirst(), sink);
            }
        });
        while (!underWay.isEmpty()) {
            handOver(underWay.removeFirst(), sink);
        }
        return handedOver;
    }

    private void handOver(Thinking thinking, Sink sink) throws InterruptedException {
        Verdict verdict = await(thinking);
        Document document = thinking.document();
        if (verdict.status() == RewardStatus.OK) {
            failedInARow = 0;
            sink.accept(new Document(
                    document.id() + MARK, text(document.text(), verdict.reason()), document.domain(), document.meta()));
            handedOver++;
            return;
        }
        if (failed.incrementAndGet() <= NAMED_IN_LOG) {
            log.warn("no thoughts about document {}: {}", document.id(), verdict.reason());
        }
        if (++failedInARow >= LAST_STRAW) {
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE,
                    "there were no thoughts about " + LAST_STRAW + " documents in a row, of the last one because "
                            + verdict.reason() + "; start the run again to try them again");
        }
    }

    private static Verdict await(Thinking thinking) throws InterruptedException {
        try {
            return thinking.thoughts().get(LONGEST_THOUGHT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT,
                    "the thoughts about a document took over " + LONGEST_THOUGHT.toHours() + " h",
                    e);
        } catch (ExecutionException e) {
            throw new ForetellException(ErrorCode.INTERNAL, "thoughts failed: " + e.getCause(), e.getCause());
        }
    }

    /** Inserted text is not searched for placeholders. */
    private String text(String text, String thoughts) {
        int at = template.indexOf("{text}");
        int to = template.indexOf("{thoughts}");
        return at < to
                ? template.substring(0, at)
                        + text
                        + template.substring(at + 6, to)
                        + thoughts
                        + template.substring(to + 10)
                : template.substring(0, to)
                        + thoughts
                        + template.substring(to + 10, at)
                        + text
                        + template.substring(at + 6);
    }
}
