package io.foretell.streams;

import io.foretell.domain.Document;
import io.foretell.platform.Sha256;
import io.foretell.sources.DocumentParser;
import io.foretell.sources.RejectedDocumentException;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the feeder finds its place again: the position from Kafka, then the index up to it. Confined to its thread. */
record FeederRecovery(TaskFeeder.Context context, FeederTransaction kafka) {
    private static final Logger log = LoggerFactory.getLogger(FeederRecovery.class);
    private static final Duration FETCH = Duration.ofMillis(100);
    private static final DocumentParser PARSER = new DocumentParser();

    static Document parse(ConsumerRecord<byte[], byte[]> record) {
        return PARSER.parse(record.value() == null ? new byte[0] : record.value());
    }

    /** The position that Kafka has, corrected where Kafka itself has lost documents. */
    FeederPosition load() {
        Optional<OffsetAndMetadata> committed = kafka.committed();
        int phases = context.phases().size();
        FeederPosition loaded =
                committed.map(known -> FeederPosition.of(known, phases)).orElseGet(() -> new FeederPosition(phases));
        long beginning = kafka.beginning();
        long end = kafka.end();
        if (loaded.offset > end || loaded.seen > end) {
            log.error(
                    "{} ends at {} but was read up to {}: Kafka has lost documents, as after a power cut; the feeder goes"
                            + " on at the end and builds its index anew",
                    context.topics().documents(),
                    end,
                    loaded.seen);
            loaded.skipTo(Math.min(loaded.offset, end));
            loaded.seen = end;
            context.index().clear();
        }
        if (loaded.offset < beginning) {
            loaded.skipTo(beginning);
        }
        return loaded;
    }

    /** Brings the index, which may be behind Kafka, up to what was seen; nothing is emitted. */
    void catchUp(FeederPosition position) {
        DocumentIndex index = context.index();
        if (index.next() > position.seen) {
            log.warn("the document index is ahead of Kafka ({} > {}) and is rebuilt", index.next(), position.seen);
            index.clear();
        }
        if (index.next() == position.seen) {
            return;
        }
        log.info("indexing documents {} to {} again", index.next(), position.seen);
        kafka.seek(Math.max(index.next(), kafka.beginning()));
        long at = index.next();
        while (at < position.seen) {
            Optional<ConsumerRecord<byte[], byte[]>> record = kafka.peek(FETCH);
            if (record.isPresent()) {
                if (record.get().offset() < position.seen) {
                    index(record.get());
                }
                kafka.take();
                at = record.get().offset() + 1;
            } else {
                at = kafka.fetchPosition();
            }
            if (at % 1000 == 0) {
                index.commit(Math.min(at, position.seen));
            }
        }
        index.commit(position.seen);
    }

    private void index(ConsumerRecord<byte[], byte[]> record) {
        try {
            Document document = parse(record);
            context.index().decide(document, Sha256.of(document.text()), record.offset());
        } catch (RejectedDocumentException e) {
            log.debug("document at {} is not indexed: {}", record.offset(), e.getMessage());
        }
    }
}
