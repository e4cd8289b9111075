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
 * Runs under random kills. First every role and the broker run in their own processes and each is killed at random
 * moments; then all are killed at once; then everything runs in one process, which is killed too. Killed processes
 * restart at once, and sometimes are killed again during the restart. Used by one thread.
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
     * @param victim a role, the broker, "all" separate processes of the server, or the all-in-one process "up"
     * @param afterStep the step logged last
     * @param recoverySeconds seconds until the next step was trained; negative if the victim was killed again before
     *     that
     */
    record Kill(String victim, long afterStep, Instant at, double recoverySeconds) {
        /** Whether the kill hit a sampler. */
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

    /**
     * Runs to the last step.
     *
     * @throws ForetellException TIMEOUT when no step is trained for five minutes
     */
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

    /** Kills and restarts the victims, perhaps kills them again during the restart, and waits for the next step. */
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

    /**
     * Measures recovery: the first step in the log whose row is later than the kill. After the last checkpoint there
     * is none.
     */
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
