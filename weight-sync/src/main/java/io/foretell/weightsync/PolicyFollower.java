package io.foretell.weightsync;

import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.huggingface.PolicyException;
import io.foretell.platform.Deadline;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RetryUntil;
import io.foretell.platform.Time;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.WorkLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a worker's policy at the newest weights that the learner announced. Immutable; {@link #follow} runs on the
 * worker's thread.
 */
public final class PolicyFollower {
    private static final Logger log = LoggerFactory.getLogger(PolicyFollower.class);
    private static final Duration FIRST = Duration.ofMinutes(2);
    private static final Duration RETRY = Duration.ofMillis(500);

    private final PolicyFeed feed;
    private final RolloutEngine policy;
    private final Duration patience;

    /** @param patience how long a batch waits for a version that is not announced yet */
    public PolicyFollower(PolicyFeed feed, RolloutEngine policy, Duration patience) {
        this.feed = feed;
        this.policy = policy;
        this.patience = patience;
    }

    /**
     * Switches to the newest weights, after waiting for version {@code wanted}. After a learner's crash that version may
     * never be published again; the newest one is then used instead, and the learner replaces the groups it cannot use.
     *
     * @param wanted the version to wait for; -1 for any
     * @param required the oldest version that may stay in use when switching fails, for example because the learner has
     *     removed the announced files since; 0 for any
     * @throws RuntimeException why switching failed, when the current weights are older than {@code required}
     */
    public void follow(long wanted, long required, WorkLoop<?> loop) throws InterruptedException {
        PublishedWeights announced = loop.await(feed.atLeast(-1));
        PublishedWeights latest = loop.await(
                feed.atLeast(wanted).completeOnTimeout(announced, patience.toMillis(), TimeUnit.MILLISECONDS));
        if (latest.version() < wanted) {
            latest = feed.latest().map(PolicyAnnouncement::weights).orElse(latest);
            log.warn("version {} was not published in time; using version {}", wanted, latest.version());
        }
        PublishedWeights chosen = latest;
        try {
            loop.aside(() -> policy.swap(chosen));
        } catch (RuntimeException e) {
            if (policy.version() < Math.max(0, Math.min(required, latest.version()))) {
                throw e;
            }
            log.warn("keeping policy version {}: {}", policy.version(), e.toString());
        }
    }

    /**
     * What {@code use} makes of the learner's latest version, with which a role starts. A version that cannot be used
     * belongs to a history that a crash ended; the next one follows as soon as the learner is running, so failures are
     * retried for two minutes.
     *
     * @throws ForetellException TIMEOUT when no usable version is published within two minutes
     */
    public static <T> T first(PolicyFeed feed, Time time, Function<PublishedWeights, T> use) {
        Deadline deadline = time.deadline(FIRST);
        try {
            return new RetryUntil(time, FIRST, RETRY, RETRY)
                    .call(
                            "using the latest policy version",
                            () -> use.apply(feed.await(-1, deadline.left())),
                            failure -> failure instanceof ForetellException || failure instanceof PolicyException);
        } catch (ForetellException | PolicyException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT,
                    "no policy version that can be used here was published within " + FIRST.toSeconds()
                            + " s (is the learner running?): " + e.getMessage(),
                    e);
        }
    }
}
