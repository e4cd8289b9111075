package io.foretell.streams;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;

/**
 * Everything the feeder must remember. It travels as the metadata of its committed offset, so it changes in the same
 * transaction as the tasks that were written. Mutable; confined to the feeder's thread.
 */
final class FeederPosition {
    private static final int VERSION = 1;

    /** Pass over the documents, from 0. */
    int epoch;
    /** Offset of the document in hand. */
    long offset;
    /** Cuts of that document that are issued already. */
    int cut;
    /** Phase that those cuts belong to. */
    int cutPhase;
    /** Offset up to which every document was looked at once. */
    long seen;
    /** Tasks issued in this epoch. */
    long issuedInEpoch;
    /** Phase that was fed when this epoch began. */
    int epochPhase;
    /** Tasks issued, per phase. */
    final long[] issued;

    FeederPosition(int phases) {
        this.issued = new long[phases];
    }

    /** The document in hand is done. */
    void advance() {
        offset++;
        cut = 0;
        seen = Math.max(seen, offset);
    }

    void skipTo(long next) {
        offset = next;
        cut = 0;
        seen = Math.max(seen, next);
    }

    void nextEpoch(long beginning, int phase) {
        epoch++;
        offset = beginning;
        cut = 0;
        issuedInEpoch = 0;
        epochPhase = phase;
    }

    long total() {
        return Arrays.stream(issued).sum();
    }

    List<Long> issuedPerPhase() {
        return Arrays.stream(issued).boxed().toList();
    }

    OffsetAndMetadata committed() {
        ObjectNode node = Json.mapper().createObjectNode();
        node.put("v", VERSION)
                .put("epoch", epoch)
                .put("cut", cut)
                .put("cut_phase", cutPhase)
                .put("seen", seen)
                .put("issued_in_epoch", issuedInEpoch)
                .put("epoch_phase", epochPhase);
        for (long count : issued) {
            node.withArray("issued").add(count);
        }
        return new OffsetAndMetadata(offset, node.toString());
    }

    static FeederPosition of(OffsetAndMetadata committed, int phases) {
        try {
            JsonNode node = Json.mapper().readTree(committed.metadata());
            JsonNode counts = node.path("issued");
            if (node.path("v").asInt() != VERSION || !counts.isArray()) {
                throw unreadable(committed, null);
            }
            // A run may be continued with phases added at the end.
            FeederPosition position = new FeederPosition(Math.max(phases, counts.size()));
            position.offset = committed.offset();
            position.epoch = node.path("epoch").asInt();
            position.cut = node.path("cut").asInt();
            position.cutPhase = node.path("cut_phase").asInt();
            position.seen = node.path("seen").asLong();
            position.issuedInEpoch = node.path("issued_in_epoch").asLong();
            position.epochPhase = node.path("epoch_phase").asInt();
            for (int k = 0; k < counts.size(); k++) {
                position.issued[k] = counts.get(k).asLong();
            }
            return position;
        } catch (JsonProcessingException e) {
            throw unreadable(committed, e);
        }
    }

    private static ForetellException unreadable(
            OffsetAndMetadata committed, @org.jspecify.annotations.Nullable Exception cause) {
        String sentence = "the feeder's position '" + committed.metadata()
                + "' was not written by this version; continue the run with the version that began it";
        return cause == null
                ? new ForetellException(ErrorCode.CORRUPT, sentence)
                : new ForetellException(ErrorCode.CORRUPT, sentence, cause);
    }
}
