package io.foretell.streams;

import java.util.List;

/**
 * Where the feeder is. Immutable.
 *
 * @param position offset of the next document
 * @param seen offset up to which every document was looked at once; never goes back
 * @param end end of the documents topic
 * @param epoch pass over the documents, from 0
 * @param issued tasks written, per phase
 * @param inFlight tasks neither used nor dropped
 * @param waitingFor one sentence; empty while it works
 * @param failure one sentence when it stopped for good; empty otherwise
 */
public record FeederStatus(
        long position,
        long seen,
        long end,
        int epoch,
        List<Long> issued,
        long inFlight,
        String waitingFor,
        String failure) {
    public FeederStatus {
        issued = List.copyOf(issued);
    }
}
