package io.foretell.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.foretell.platform.SteadyClock;
import io.foretell.platform.Time;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Limits repeated warnings of Kafka's clients to one per minute. While a broker is unavailable, each client logs the
 * same warning several times a second, with only the numbers changed. The next warning let through says how many were
 * suppressed. Thread-safe.
 */
public final class RepeatedWarnings extends TurboFilter {
    private static final String NOISY = "org.apache.kafka.";
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Duration PAUSE = Duration.ofMinutes(1);

    private final InstantSource clock;
    private final Map<String, Said> said = new HashMap<>();

    public RepeatedWarnings() {
        this(new SteadyClock(Time.system()));
    }

    RepeatedWarnings(InstantSource clock) {
        this.clock = clock;
    }

    /** When a message was last let through, and how many were suppressed since. */
    private record Said(Instant at, long leftOut) {}

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] parameters,
            @Nullable Throwable thrown) {
        if (format == null
                || !level.isGreaterOrEqual(Level.WARN)
                || !logger.getName().startsWith(NOISY)) {
            return FilterReply.NEUTRAL;
        }
        String message = format.substring(format.indexOf("] ") + 1).strip(); // without the client's name
        // Kafka formats the numbers into the text itself.
        long leftOut = leftOutBefore(logger.getName() + NUMBER.matcher(message).replaceAll("#"));
        if (leftOut > 0) {
            org.slf4j.LoggerFactory.getLogger(RepeatedWarnings.class)
                    .info("{} more were left out of: {}", leftOut, message);
        }
        return leftOut < 0 ? FilterReply.DENY : FilterReply.NEUTRAL;
    }

    /** Number of messages suppressed before this one; -1 if this one is suppressed too. */
    private synchronized long leftOutBefore(String key) {
        Instant now = clock.instant();
        Said before = said.get(key);
        if (before != null && now.isBefore(before.at().plus(PAUSE))) {
            said.put(key, new Said(before.at(), before.leftOut() + 1));
            return -1;
        }
        said.put(key, new Said(now, 0));
        return before == null ? 0 : before.leftOut();
    }
}
