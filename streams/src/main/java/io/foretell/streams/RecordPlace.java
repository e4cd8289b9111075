package io.foretell.streams;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Where a record is. */
record RecordPlace(int partition, long offset) {
    static RecordPlace of(ConsumerRecord<?, ?> record) {
        return new RecordPlace(record.partition(), record.offset());
    }
}
