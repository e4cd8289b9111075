package io.foretell.buffer;

/**
 * What became of the records of one ingest.
 *
 * @param stored groups that can be trained on
 * @param dropped groups that cannot, because they have no advantage
 * @param duplicates groups that were there already
 * @param unreadable records that are no group
 */
public record IngestResult(int stored, int dropped, int duplicates, int unreadable) {
    static final IngestResult NOTHING = new IngestResult(0, 0, 0, 0);
}
