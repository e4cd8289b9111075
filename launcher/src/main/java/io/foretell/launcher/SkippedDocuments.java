package io.foretell.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.foretell.sources.FileSource;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** Hears what file sources say to the log of documents they skip, while it is open. Thread-safe. */
final class SkippedDocuments extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger(FileSource.class);
    private final Consumer<String> listener;

    private SkippedDocuments(Consumer<String> listener) {
        this.listener = listener;
    }

    /** @param listener is told of the first few documents of each source: the place and the reason in one sentence */
    static SkippedDocuments listen(Consumer<String> listener) {
        SkippedDocuments heard = new SkippedDocuments(listener);
        heard.setContext(heard.logger.getLoggerContext());
        heard.logger.setLevel(Level.WARN);
        heard.logger.addAppender(heard);
        heard.start();
        return heard;
    }

    @Override
    protected void append(ILoggingEvent event) {
        listener.accept(event.getFormattedMessage());
    }

    @Override
    public void close() {
        logger.detachAppender(this);
        stop();
    }
}
