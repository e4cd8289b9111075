package io.foretell.lab.chaos;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import io.foretell.server.Console;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

/**
 * A run under kills: first every role and the broker in processes of their own, each killed at random moments, then all
 * of them at once, then everything in one process, which is killed as well. What was killed is started again at once, and
 * now and then killed again while it starts. Used by one thread.
 */
final class ChaosRun {
    private static final Duration PROGRESS = Duration.ofMinutes(5);
    private static final Duration BROKER_START = Duration.ofMinutes(5);
    private static final long LOOK_MS = 5;
    private static final double APART = 0.6;
    private static final int MOST_DELAY_MS = 400;
    private static final int MOST_START_MS = 5000;
    private static final int AGAIN_ONE_IN = 5;

    /**
     * One kill.
     *
     * @param victim a role, the broker, "all" processes of the server apart, or the process "up" that has all in one
     * @param afterStep the step logged last
     * @param recoverySeconds until the next step was trained; negative when the victim was killed again before
     */
    record Kill(String victim, long afterStep, Instant at, double recoverySeconds) {
        /** Whether a sampler died with it. */
        boolean hitsSampler() {
            return !List.of(ChaosServer.BROKER, ChaosServer.LEARNER, "reward", "streams")
                    .contains(victim);
        }
    }

    private final ChaosServer server;
    private final StepLog log;
    private final int kills;
    private final long steps;
    private final SplittableRandom random;
    private final List<Kill> done = new ArrayList<>();

    ChaosRun(ChaosServer server, StepLog log, int kills, long steps, SplittableRandom random) {
        this.server = server;
        this.log = log;
        this.kills = kills;
        this.steps = steps;
        this.random = random;
    }

    /** Runs it to its last step. @throws ForetellException TIMEOUT when no step is trained for five minutes */
    List<Kill> run() throws InterruptedException {
        int apart = (int) Math.ceil(kills * APART);
        long change = (long) (steps * APART);
        server.start(ChaosServer.BROKER);
        await("the broker", BROKER_START, () -> server.hasSaid(ChaosServer.BROKER, "kafka 127.0.0.1"));
        ChaosServer.APART.stream().skip(1).forEach(server::start);
        for (long moment : moments(apart - 1, 2, change - 5)) {
            awaitStep(moment);
            if (done.size() < apart - 1) {
                strike(List.of(ChaosServer.APART.get(random.nextInt(ChaosServer.APART.size()))), apart - 1);
            }
        }
        awaitStep(change);
        kill("all", server.names());
        server.forgetAll();
        server.start(ChaosServer.ALL_IN_ONE);
        recover();
        for (long moment : moments(kills - apart, change + 2, steps - 3)) {
            awaitStep(moment);
            if (done.size() < kills) {
                strike(List.of(ChaosServer.ALL_IN_ONE), kills);
            }
        }
        await("the end of the run", PROGRESS, server::isDone);
        return done;
    }

    private List<Long> moments(int count, long from, long to) {
        return LongStream.generate(() -> random.nextLong(from, Math.max(from + 1, to)))
                .limit(count)
                .sorted()
                .boxed()
                .toList();
    }

    /** Kills, starts again, perhaps kills once more while that starts, and waits for the next step. */
    private void strike(List<String> victims, int most) throws InterruptedException {
        Thread.sleep(random.nextInt(MOST_DELAY_MS));
        kill(victims.get(0), victims);
        victims.forEach(server::start);
        if (done.size() < most && random.nextInt(AGAIN_ONE_IN) == 0) {
            Thread.sleep(random.nextInt(MOST_START_MS));
            kill(victims.get(0), victims);
            victims.forEach(server::start);
        }
        recover();
    }

    private void kill(String victim, List<String> names) {
        server.kill(names);
        Kill kill = new Kill(victim, log.last(), Time.system().instant(), -1);
        done.add(kill);
        Console.say("kill " + done.size() + "/" + kills + ": " + victim + " after step " + kill.afterStep());
    }

    /** The first step after the kill was trained after it: its row says when. Behind the last checkpoint there is none. */
    private void recover() throws InterruptedException {
        Kill last = done.get(done.size() - 1);
        await("a step after the kill of " + last.victim(), PROGRESS, () -> isTrainedAfter(last) || server.isDone());
        if (!isTrainedAfter(last)) {
            return;
        }
        double seconds =
                Duration.between(last.at(), log.newest().orElseThrow().at()).toMillis() / 1e3;
        done.set(done.size() - 1, new Kill(last.victim(), last.afterStep(), last.at(), seconds));
    }

    private boolean isTrainedAfter(Kill kill) {
        return log.newest().filter(step -> step.at().isAfter(kill.at())).isPresent();
    }

    private void awaitStep(long step) throws InterruptedException {
        long reached = log.last();
        while (reached < step) {
            long before = reached;
            await("step " + (before + 1), PROGRESS, () -> log.last() > before);
            reached = log.last();
        }
    }

    private void await(String what, Duration deadline, BooleanSupplier there) throws InterruptedException {
        long end = Time.system().nanos() + deadline.toNanos();
        while (!there.getAsBoolean()) {
            if (Time.system().nanos() > end) {
                throw new ForetellException(
                        ErrorCode.TIMEOUT,
                        what + " did not come within " + deadline.toSeconds() + " s, at step " + log.last() + ": "
                                + server);
            }
            server.revive();
            Thread.sleep(LOOK_MS);
        }
    }
}
