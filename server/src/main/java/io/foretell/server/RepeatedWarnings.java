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
 * Lets through one a minute of what Kafka's clients say again and again but for its numbers, such as that a broker cannot be
 * reached: each of them several times a second, for as long as it is away. The next one tells how many were left out. Thread-safe.
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

    /** When a message was let through last, and how often it was not since. */
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
        // Kafka hands over texts with their numbers in place.
        long leftOut = leftOutBefore(logger.getName() + NUMBER.matcher(message).replaceAll("#"));
        if (leftOut > 0) {
            org.slf4j.LoggerFactory.getLogger(RepeatedWarnings.class)
                    .info("{} more were left out of: {}", leftOut, message);
        }
        return leftOut < 0 ? FilterReply.DENY : FilterReply.NEUTRAL;
    }

    /** How many were left out before this one; -1 when this one is left out as well. */
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
