package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.sources.DocumentParser;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One upload of newline-delimited documents. It reads on only while there is room for what it read, and answers when
 * everything it sent is acknowledged. Lines are parsed on a worker thread; the rest is confined to the request's event
 * loop.
 */
final class DocumentUpload {
    private static final int MAX_UNACKNOWLEDGED = 2048;
    private static final int MAX_REJECTIONS_LISTED = 1000;
    private static final long FULL_PAUSE_MS = 5;

    /** A line of the body, numbered from 1. */
    private record Line(long number, byte[] bytes) {}

    /** A line that may go to Kafka. */
    private record Ready(DocumentParser.Parsed parsed, byte[] bytes) {}

    /** What became of some lines. */
    private record Read(List<Ready> ready, List<Map<String, Object>> rejected) {}

    private final RoutingContext ctx;
    private final HttpServerRequest request;
    private final Context loop;
    private final DocumentGateway gateway;
    private final int maxLineBytes;
    private final Function<byte[], DocumentParser.Parsed> admitted;
    private final Deque<Ready> waiting = new ArrayDeque<>();
    private final List<Map<String, Object>> rejected = new ArrayList<>();
    private final AtomicInteger acknowledgedSinceLook = new AtomicInteger();
    private final AtomicInteger failedSinceLook = new AtomicInteger();
    private final AtomicBoolean willLook = new AtomicBoolean();
    private boolean willTryAgain;
    private Buffer rest = Buffer.buffer();
    private boolean isSkippingLine;
    private long lines;
    private long accepted;
    private long rejectedInAll;
    private long failed;
    private int unacknowledged;
    private int beingRead;
    private boolean isEnded;
    private boolean isOver;

    DocumentUpload(
            RoutingContext ctx,
            DocumentGateway gateway,
            int maxLineBytes,
            Function<byte[], DocumentParser.Parsed> admitted) {
        this.ctx = ctx;
        this.request = ctx.request();
        this.loop = ctx.vertx().getOrCreateContext();
        this.gateway = gateway;
        this.maxLineBytes = maxLineBytes;
        this.admitted = admitted;
    }

    void begin() {
        if (request.isEnded()) {
            isEnded = true;
            goOn();
            return;
        }
        request.exceptionHandler(failure -> isOver = true);
        request.handler(chunk -> read(linesOf(chunk)));
        request.endHandler(end -> {
            isEnded = true;
            if (rest.length() > 0) {
                byte[] last = rest.getBytes();
                rest = Buffer.buffer();
                read(List.of(new Line(++lines, last)));
            } else {
                goOn();
            }
        });
        request.resume();
    }

    /* A request that has ended can be paused no more. */
    private void pause() {
        if (!isEnded) {
            request.pause();
        }
    }

    private List<Line> linesOf(Buffer chunk) {
        List<Line> whole = new ArrayList<>();
        byte[] bytes = chunk.getBytes();
        int from = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                byte[] line = Arrays.copyOfRange(bytes, from, i);
                if (rest.length() > 0) {
                    line = rest.appendBytes(line).getBytes();
                    rest = Buffer.buffer();
                }
                lines++;
                if (!isSkippingLine) {
                    whole.add(new Line(lines, line));
                }
                isSkippingLine = false;
                from = i + 1;
            }
        }
        if (!isSkippingLine && from < bytes.length) {
            rest.appendBytes(bytes, from, bytes.length - from);
        }
        if (rest.length() > maxLineBytes) {
            reject(rejection(lines + 1, "the line has more than " + maxLineBytes + " bytes; split the document"));
            rest = Buffer.buffer();
            isSkippingLine = true;
        }
        return whole;
    }

    private void read(List<Line> whole) {
        if (whole.isEmpty()) {
            goOn();
            return;
        }
        pause();
        beingRead++;
        ctx.vertx()
                .executeBlocking(() -> parsed(whole), false)
                .onSuccess(read -> {
                    beingRead--;
                    waiting.addAll(read.ready());
                    read.rejected().forEach(this::reject);
                    goOn();
                })
                .onFailure(this::fail);
    }

    private Read parsed(List<Line> whole) {
        Read read = new Read(new ArrayList<>(whole.size()), new ArrayList<>());
        for (Line line : whole) {
            if (isBlank(line.bytes())) {
                continue;
            }
            try {
                read.ready().add(new Ready(admitted.apply(line.bytes()), line.bytes()));
            } catch (ForetellException e) {
                if (e.code().status() >= 500) {
                    throw e;
                }
                read.rejected().add(rejection(line.number(), String.valueOf(e.getMessage())));
            }
        }
        return read;
    }

    private static boolean isBlank(byte[] bytes) {
        for (byte b : bytes) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }

    private static Map<String, Object> rejection(long line, String detail) {
        Map<String, Object> rejection = new LinkedHashMap<>();
        rejection.put("line", line);
        rejection.put("detail", detail);
        return rejection;
    }

    private void reject(Map<String, Object> rejection) {
        rejectedInAll++;
        if (rejected.size() < MAX_REJECTIONS_LISTED) {
            rejected.add(rejection);
        }
    }

    /** Sends what waits, then reads on, or answers when there is nothing more. */
    private void goOn() {
        if (isOver) {
            return;
        }
        while (!waiting.isEmpty() && unacknowledged < MAX_UNACKNOWLEDGED) {
            Ready next = waiting.peekFirst();
            CompletableFuture<Void> sent = gateway.accept(next.parsed(), next.bytes());
            if (isFull(sent)) {
                pause();
                if (!willTryAgain) {
                    willTryAgain = true;
                    ctx.vertx().setTimer(FULL_PAUSE_MS, id -> {
                        willTryAgain = false;
                        goOn();
                    });
                }
                return;
            }
            waiting.removeFirst();
            unacknowledged++;
            sent.whenComplete((nothing, failure) -> acknowledged(failure));
        }
        if (!waiting.isEmpty() || beingRead > 0) {
            pause();
        } else if (!isEnded) {
            request.resume();
        } else if (unacknowledged == 0) {
            answer();
        }
    }

    private static boolean isFull(CompletableFuture<Void> sent) {
        return DocumentGateway.failure(sent)
                .filter(failure -> failure.code() == ErrorCode.TOO_MANY_REQUESTS)
                .isPresent();
    }

    /* Called on Kafka's thread: many acknowledgements become one visit to the event loop. */
    private void acknowledged(@Nullable Throwable failure) {
        (failure == null ? acknowledgedSinceLook : failedSinceLook).incrementAndGet();
        if (willLook.compareAndSet(false, true)) {
            loop.runOnContext(back -> look());
        }
    }

    private void look() {
        willLook.set(false);
        int good = acknowledgedSinceLook.getAndSet(0);
        int bad = failedSinceLook.getAndSet(0);
        accepted += good;
        failed += bad;
        unacknowledged -= good + bad;
        goOn();
    }

    private void answer() {
        isOver = true;
        if (failed > 0) {
            ctx.fail(new ForetellException(
                    ErrorCode.UNAVAILABLE,
                    "Kafka acknowledged " + accepted + " of " + (accepted + failed)
                            + " documents; send all of them again, those it has are stored once"));
            return;
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("accepted", accepted);
        answer.put("rejected", rejected);
        if (rejectedInAll > rejected.size()) {
            answer.put("rejected_in_all", rejectedInAll);
        }
        Http.json(ctx, 202, answer);
    }

    private void fail(Throwable failure) {
        isOver = true;
        ctx.fail(failure);
    }
}
