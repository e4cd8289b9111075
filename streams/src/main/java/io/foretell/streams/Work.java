package io.foretell.streams;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A record taken from a {@link WorkQueue}, to be accepted, released or given up.
 *
 * @param value what it says
 * @param attempt 1 at the first delivery
 * @param origin the record as Kafka has it
 */
public record Work<T>(T value, int attempt, ConsumerRecord<byte[], byte[]> origin) {
    /** Where a record is on its topic. */
    record Place(int partition, long offset) {
        static Place of(ConsumerRecord<?, ?> record) {
            return new Place(record.partition(), record.offset());
        }
    }

    Place place() {
        return Place.of(origin);
    }
}
