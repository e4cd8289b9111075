package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import io.foretell.sources.DocumentParser;
import io.foretell.sources.DocumentSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("integration")
class SourcePumpTest {
    private final String bootstrap = SharedBroker.bootstrap();
    private final Topics topics = SharedBroker.run(1);
    private final AtomicLong seen = new AtomicLong();
    private final List<String> reports = Collections.synchronizedList(new ArrayList<>());

    @Test
    void pumpStaysAtMostSoManyDocumentsAheadOfTheFeeder() {
        try (DocumentGateway gateway = new DocumentGateway(bootstrap, topics, Time.system());
                SourcePump pump = pump(gateway, 10, counting("numbers", 35)).start()) {
            WorkQueueTest.eventually(() -> gateway.acknowledgedEnd() == 10);
            seen.set(20);
            WorkQueueTest.eventually(() -> gateway.acknowledgedEnd() == 30);
            assertThat(pump.isRunning()).isTrue();
            seen.set(30);
            WorkQueueTest.eventually(() -> !pump.isRunning());
            assertThat(pump.delivered()).isEqualTo(35);
        }
        assertThat(reports).isEmpty();
    }

    @Test
    void failingSourceIsReportedInASentenceAndTheNextGoesOn() {
        DocumentSource broken = new DocumentSource() {
            @Override
            public String name() {
                return "broken.txt";
            }

            @Override
            public long feed(Sink sink) {
                throw new ForetellException(ErrorCode.STORAGE, "the disk is gone");
            }
        };
        try (DocumentGateway gateway = new DocumentGateway(bootstrap, topics, Time.system());
                SourcePump pump =
                        pump(gateway, 100, broken, counting("numbers", 3)).start()) {
            WorkQueueTest.eventually(() -> !pump.isRunning());
            assertThat(pump.delivered()).isEqualTo(3);
        }
        assertThat(reports).containsExactly("broken.txt stopped after 0 documents: the disk is gone");
    }

    @Test
    void closingStopsAPumpThatWaits() {
        try (DocumentGateway gateway = new DocumentGateway(bootstrap, topics, Time.system())) {
            SourcePump pump = pump(gateway, 1, counting("numbers", 100)).start();
            WorkQueueTest.eventually(() -> gateway.acknowledgedEnd() == 1);
            pump.close();
            assertThat(pump.isRunning()).isFalse();
        }
    }

    private SourcePump pump(DocumentGateway gateway, long ahead, DocumentSource... sources) {
        return new SourcePump(List.of(sources), gateway, seen::get, ahead, reports::add, Time.system());
    }

    private static DocumentSource counting(String name, int count) {
        return new DocumentSource() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public long feed(Sink sink) throws InterruptedException {
                DocumentParser parser = new DocumentParser();
                for (int i = 0; i < count; i++) {
                    sink.accept(parser.of(null, "number " + i, null, Map.of()));
                }
                return count;
            }
        };
    }
}
