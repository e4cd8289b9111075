package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("integration")
class BrokerTest {
    @TempDir
    Path folder;

    @Test
    void recordsSurviveARestartAndTwoBrokersOnAFolderAreRefused() throws Exception {
        Path data = folder.resolve("kafka");
        Topics topics = new Topics("restart");
        try (EmbeddedBroker broker = EmbeddedBroker.start(data)) {
            assertThatThrownBy(() -> EmbeddedBroker.start(data))
                    .isInstanceOfSatisfying(
                            ForetellException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
            topics.ensure(broker.bootstrap(), 2, Time.system());
            topics.ensure(broker.bootstrap(), 2, Time.system());
            try (RecordSender sender = new RecordSender(broker.bootstrap())) {
                sender.send(topics.scoredGroups(), "k", "value".getBytes(StandardCharsets.UTF_8))
                        .get(60, TimeUnit.SECONDS);
            }
        }
        try (Broker broker = Broker.start(new KafkaSettings("true", null, 2), data);
                GroupReader reader = new GroupReader(broker.bootstrap(), topics.scoredGroups(), Map.of(0, 0L))) {
            List<GroupReader.Received> received = new ArrayList<>();
            WorkQueueTest.eventually(() -> received.addAll(reader.poll(Duration.ofMillis(200))));
            assertThat(received).hasSize(1);
            assertThat(received.get(0).value()).asString(StandardCharsets.UTF_8).isEqualTo("value");
        }
    }

    @Test
    void aPortOfItsOwnIsUsedAndATakenOneIsNamed() {
        int port = EmbeddedBroker.freePort();
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("own"), port)) {
            assertThat(broker.bootstrap()).isEqualTo("127.0.0.1:" + port);
            assertThatThrownBy(() -> EmbeddedBroker.start(folder.resolve("other"), port))
                    .isInstanceOf(ForetellException.class)
                    .hasMessageContaining("cannot listen on port " + port);
        }
    }

    @Test
    void childBrokerServesAndStopsWithItsParent() throws Exception {
        ChildBroker broker = ChildBroker.start(folder.resolve("child"));
        try (broker) {
            new Topics("child").ensure(broker.bootstrap(), 1, Time.system());
            assertThatThrownBy(() -> EmbeddedBroker.start(folder.resolve("child")))
                    .isInstanceOf(ForetellException.class);
        }
        assertThat(broker.process().waitFor(90, TimeUnit.SECONDS)).isTrue();
        assertThat(broker.process().exitValue()).isZero();
    }

    @Test
    void unreachableClusterIsNamed() {
        assertThatThrownBy(() -> ExternalBroker.reach("127.0.0.1:1", Duration.ofSeconds(1)))
                .isInstanceOfSatisfying(
                        ForetellException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
                .hasMessageContaining("127.0.0.1:1");
    }
}
