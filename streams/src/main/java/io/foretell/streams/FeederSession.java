package io.foretell.streams;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Task;
import io.foretell.platform.Deadline;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Sha256;
import io.foretell.platform.Time;
import io.foretell.sources.HeldOut;
import io.foretell.sources.RejectedDocumentException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The feeder between two failures: it loads its position from Kafka, brings the index up to date, and resumes from
 * there, one transaction per step. Confined to the feeder's thread.
 */
final class FeederSession implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FeederSession.class);
    private static final int TASKS_PER_TRANSACTION = 500;
    private static final int DOCUMENTS_PER_TRANSACTION = 2000;
    private static final Duration TRANSACTION = Duration.ofMillis(200);
    private static final Duration FETCH = Duration.ofMillis(100);
    private static final Duration LETTERS = Duration.ofMillis(200);

    /** A document whose tasks are being issued. */
    private record Open(Document document, long offset, int phase, List<Example> cuts) {}

    private final TaskFeeder.Context context;
    private final Time time;
    private final Consumer<FeederStatus> show;
    private final FeederTransaction kafka;
    private final DeadTasks deadTasks;
    private final List<Runnable> counts = new ArrayList<>();
    private FeederPosition position;
    private StalenessGate gate;
    private @Nullable Open open;
    private long end;
    private long lettersRead;
    private int tasks;
    private int documents;

    FeederSession(TaskFeeder.Context context, Consumer<FeederStatus> show) {
        this.context = context;
        this.time = context.time();
        this.lettersRead = time.nanos();
        this.show = show;
        context.index().rollback();
        this.kafka = new FeederTransaction(context.bootstrap(), context.topics());
        DeadTasks letters = null;
        try {
            FeederRecovery recovery = new FeederRecovery(context, kafka);
            this.position = recovery.load();
            recovery.catchUp(position);
            kafka.seek(position.offset);
            this.gate = gate(List.of());
            letters = new DeadTasks(
                    context.bootstrap(), context.topics(), () -> gate.oldestPhaseUnderWay(position), time);
            this.deadTasks = letters;
        } catch (RuntimeException e) {
            kafka.close();
            throw e;
        }
        log.info(
                "feeder ready run={} offset={} epoch={} issued={}",
                context.topics().run(),
                position.offset,
                position.epoch,
                position.issuedPerPhase());
    }

    /** Does one transaction's work, or waits briefly for some. */
    void step() {
        readLetters();
        gate = gate(deadTasks.perPhase(position.issued.length));
        OptionalInt phase = gate.phase(position);
        if (phase.isEmpty()) {
            rest("nothing: all phases have their tasks");
        } else if (gate.learner().isEmpty()) {
            rest("the learner's first policy version");
        } else if (gate.room(position) == 0) {
            rest("the learner: " + gate.inFlight(position) + " of at most " + gate.window() + " groups are under way");
        } else {
            work();
        }
    }

    private void readLetters() {
        long now = time.nanos();
        if (now - lettersRead > LETTERS.toNanos()) {
            lettersRead = now;
            deadTasks.poll(() -> gate.oldestPhaseUnderWay(position));
        }
    }

    private StalenessGate gate(List<Long> dead) {
        return new StalenessGate(
                context.phases(),
                context.settings().window(),
                context.policies().latest(),
                dead);
    }

    private void rest(String waitingFor) {
        show(waitingFor);
        LockSupport.parkNanos(FETCH.toNanos());
    }

    private void work() {
        tasks = 0;
        documents = 0;
        boolean isAtEnd = false;
        Deadline until = time.deadline(TRANSACTION);
        OptionalInt phase = gate.phase(position);
        while (phase.isPresent()
                && gate.room(position) > 0
                && tasks < TASKS_PER_TRANSACTION
                && documents < DOCUMENTS_PER_TRANSACTION
                && !until.hasPassed()) {
            if (open != null && open.phase() == phase.getAsInt()) {
                issue(open);
            } else if (open != null) {
                finish(); // a lower phase needs tasks again, or this one has all it needs
            } else {
                Optional<ConsumerRecord<byte[], byte[]>> record = kafka.peek(Duration.ZERO);
                if (record.isEmpty() && tasks == 0 && documents == 0 && kafka.fetchPosition() < kafka.end()) {
                    record = kafka.peek(FETCH);
                }
                if (record.isEmpty()) {
                    isAtEnd = true;
                    break;
                }
                take(record.get(), phase.getAsInt());
            }
            phase = gate.phase(position);
        }
        if (tasks > 0 || documents > 0) {
            commit();
        } else if (isAtEnd && phase.isPresent()) {
            endOfTopic(phase.getAsInt());
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record, int phaseIndex) {
        if (record.offset() > position.offset) {
            position.skipTo(record.offset()); // a gap left by a producer's transaction
        }
        boolean isFirst = record.offset() >= position.seen && position.cut == 0;
        PhasePlan phase = context.phases().get(phaseIndex);
        try {
            Document document = FeederRecovery.parse(record);
            byte[] hash = Sha256.of(document.text());
            switch (context.index().decide(document, hash, record.offset())) {
                case ACCEPTED -> accepted(record, document, hash, phase, isFirst);
                case DUPLICATE -> {
                    count(isFirst, "documents.duplicate");
                    finish();
                }
                case CONFLICT ->
                    reject(
                            record,
                            isFirst,
                            "conflict",
                            "the id '" + document.id() + "' belongs to another text; give the new text a new id");
            }
        } catch (RejectedDocumentException e) {
            reject(record, isFirst, e.kind(), String.valueOf(e.getMessage()));
        }
    }

    private void accepted(
            ConsumerRecord<byte[], byte[]> record, Document document, byte[] hash, PhasePlan phase, boolean isFirst) {
        count(isFirst, "documents.accepted");
        if (HeldOut.isHeldOut(document, hash, context.settings().heldOutFraction())) {
            count(isFirst, "documents.held_out");
            finish();
            return;
        }
        if (!phase.takes(document.domain())) {
            count(true, "documents.skipped_domain");
            finish();
            return;
        }
        List<Example> cuts;
        try {
            cuts = context.writer().cuts(document, phase, position.epoch);
        } catch (ForetellException e) {
            throw e; // a proxy model that does not answer is not the document's fault
        } catch (RuntimeException e) {
            log.warn(
                    "document {} cannot be cut by {}",
                    document.id(),
                    phase.objective().name(),
                    e);
            reject(record, isFirst, "cut", phase.objective().name() + " cannot cut this document: " + e);
            return;
        }
        boolean isOthersRest = position.cut > 0 && position.cutPhase != phase.index();
        if (isOthersRest || cuts.size() <= position.cut) {
            count(cuts.isEmpty(), "documents.without_task");
            finish();
            return;
        }
        open = new Open(document, record.offset(), phase.index(), cuts);
    }

    private void issue(Open from) {
        PhasePlan phase = context.phases().get(from.phase());
        Task task = context.writer()
                .task(
                        from.document(),
                        from.offset(),
                        phase,
                        position.epoch,
                        position.cut,
                        from.cuts().get(position.cut),
                        minPolicyVersion());
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                context.topics().tasks(),
                task.id().getBytes(StandardCharsets.UTF_8),
                Codecs.task().encode(task));
        Codecs.task()
                .labels(task)
                .forEach((name, value) -> record.headers().add(name, value.getBytes(StandardCharsets.UTF_8)));
        kafka.send(record);
        tasks++;
        position.cut++;
        position.cutPhase = from.phase();
        position.issued[from.phase()]++;
        position.issuedInEpoch++;
        counts.add(() -> context.metrics().count("tasks.issued", "objective", task.objective()));
        if (position.cut == from.cuts().size()) {
            finish();
        }
    }

    private long minPolicyVersion() {
        return context.settings().strictlyOnPolicy()
                ? gate.learner().map(announced -> announced.weights().version()).orElse(-1L)
                : -1;
    }

    private void reject(ConsumerRecord<byte[], byte[]> record, boolean isFirst, String kind, String reason) {
        if (isFirst) {
            kafka.send(DeadLetters.record(context.topics().deadLetters(), record, reason, Map.of()));
            counts.add(() -> context.metrics().count("documents.rejected", "reason", kind));
            log.warn("document rejected offset={} reason={}", record.offset(), reason);
        }
        finish();
    }

    private void count(boolean really, String name) {
        if (really) {
            counts.add(() -> context.metrics().count(name));
        }
    }

    /** Marks the current document as done. */
    private void finish() {
        kafka.take();
        position.advance();
        open = null;
        documents++;
    }

    private void commit() {
        kafka.commit(position.committed());
        context.index().commit(position.seen);
        counts.forEach(Runnable::run);
        counts.clear();
        context.watch().progress();
        show("");
    }

    private void endOfTopic(int phase) {
        boolean areComing = context.watch().areDocumentsComing(); // before the end: what comes after a no is before it
        end = kafka.end();
        if (kafka.fetchPosition() < end) {
            return;
        }
        int epochs = context.settings().epochs();
        boolean mayRepeat = epochs == 0 || position.epoch + 1 < epochs;
        boolean hasFruit = position.issuedInEpoch > 0 || position.epochPhase != phase;
        if (mayRepeat && hasFruit && position.seen > 0 && !areComing) {
            position.nextEpoch(kafka.beginning(), phase);
            commit();
            kafka.seek(position.offset);
            log.info(
                    "feeder begins epoch {} of run {}",
                    position.epoch,
                    context.topics().run());
        } else {
            show("more documents: all " + position.seen + " were read in epoch " + position.epoch
                    + (mayRepeat && !hasFruit ? ", and none of them gives a task to phase " + phase : ""));
            kafka.peek(FETCH);
        }
    }

    private void show(String waitingFor) {
        end = Math.max(end, position.seen);
        show.accept(new FeederStatus(
                position.offset,
                position.seen,
                end,
                position.epoch,
                position.issuedPerPhase(),
                gate.inFlight(position),
                waitingFor,
                ""));
    }

    @Override
    public void close() {
        context.index().rollback();
        deadTasks.close();
        kafka.close();
    }
}
