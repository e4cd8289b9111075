package io.foretell.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RepeatedWarningsTest {
    private final LoggerContext context = new LoggerContext();
    private final ListAppender<ILoggingEvent> heard = new ListAppender<>();
    private final ListAppender<ILoggingEvent> told = new ListAppender<>();
    private final Logger client = context.getLogger("org.apache.kafka.clients.NetworkClient");
    private final Logger own = (Logger) LoggerFactory.getLogger(RepeatedWarnings.class);
    private Instant now = Instant.EPOCH;

    @BeforeEach
    void listen() {
        heard.start();
        context.getLogger("ROOT").addAppender(heard);
        told.start();
        own.setLevel(Level.INFO);
        own.addAppender(told);
        context.addTurboFilter(new RepeatedWarnings(() -> now));
    }

    @AfterEach
    void leave() {
        own.detachAppender(told);
    }

    @Test
    void oneAMinuteIsLetThroughWhicheverClientSaysItAndTheRestIsCounted() {
        for (int second = 0; second < 150; second++) {
            now = Instant.EPOCH.plus(Duration.ofSeconds(second));
            client.warn("[Producer clientId=p] Connection to node " + second + " could not be established.");
            client.warn("[Consumer clientId=c] Connection to node " + second + " could not be established.");
        }

        assertThat(heard.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "[Producer clientId=p] Connection to node 0 could not be established.",
                        "[Producer clientId=p] Connection to node 60 could not be established.",
                        "[Producer clientId=p] Connection to node 120 could not be established.");
        assertThat(told.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "119 more were left out of: Connection to node 60 could not be established.",
                        "119 more were left out of: Connection to node 120 could not be established.");
    }

    @Test
    void whatIsDifferentOrIsOursOrIsNoTroubleIsLeftAlone() {
        Logger ours = context.getLogger("io.foretell.streams.WorkLoop");
        for (int i = 0; i < 3; i++) {
            client.warn("[Producer clientId=p] one thing");
            client.warn("[Producer clientId=p] another");
            client.info("[Producer clientId=p] all is well");
            ours.warn("[here] a record failed");
        }

        assertThat(heard.list).hasSize(1 + 1 + 3 + 3);
    }
}
