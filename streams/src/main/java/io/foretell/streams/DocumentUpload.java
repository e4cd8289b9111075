package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.sources.DocumentParser;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * One upload of newline-delimited documents: lines are parsed on a worker thread, sent to Kafka, and answered when all are
 * acknowledged. The request is paused while lines are parsed or wait for room. All but the parsing is confined to the
 * request's event loop.
 */
final class DocumentUpload {
    private static final int MAX_UNACKNOWLEDGED = 2048;
    private static final int MAX_REJECTIONS_LISTED = 1000;
    private static final long FULL_PAUSE_MS = 5;

    /** A line that may go to Kafka. */
    private record Ready(DocumentParser.Parsed parsed, byte[] bytes) {}

    /** Some lines after parsing. */
    private record Read(List<Ready> ready, List<Map<String, Object>> rejected) {}

    private final RoutingContext ctx;
    private final HttpServerRequest request;
    private final DocumentGateway gateway;
    private final Function<byte[], DocumentParser.Parsed> admitted;
    private final LineSplitter lines;
    private final Acknowledgements acknowledgements;
    private final Deque<Ready> waiting = new ArrayDeque<>();
    private final List<Map<String, Object>> rejected = new ArrayList<>();
    private long rejectedInAll;
    private int batchesBeingParsed;
    private boolean isRetryPlanned;
    private boolean isEnded; // the body has arrived
    private boolean isOver; // answered, failed, or the client has left

    DocumentUpload(
            RoutingContext ctx,
            DocumentGateway gateway,
            int maxLineBytes,
            Function<byte[], DocumentParser.Parsed> admitted) {
        this.ctx = ctx;
        this.request = ctx.request();
        this.gateway = gateway;
        this.admitted = admitted;
        this.lines = new LineSplitter(
                maxLineBytes,
                number -> reject(
                        rejection(number, "the line has more than " + maxLineBytes + " bytes; split the document")));
        this.acknowledgements = new Acknowledgements(ctx.vertx().getOrCreateContext(), this::advance);
    }

    void begin() {
        if (request.isEnded()) {
            end();
            return;
        }
        request.exceptionHandler(failure -> isOver = true);
        request.handler(chunk -> parse(lines.split(chunk)));
        request.endHandler(end -> end());
        request.resume();
    }

    private void end() {
        isEnded = true;
        parse(lines.last().map(List::of).orElse(List.of()));
    }

    private void parse(List<LineSplitter.Line> whole) {
        if (whole.isEmpty()) {
            advance();
            return;
        }
        batchesBeingParsed++;
        pause();
        ctx.vertx()
                .executeBlocking(() -> parsed(whole), false)
                .onSuccess(read -> {
                    batchesBeingParsed--;
                    waiting.addAll(read.ready());
                    read.rejected().forEach(this::reject);
                    advance();
                })
                .onFailure(this::fail);
    }

    private Read parsed(List<LineSplitter.Line> whole) {
        Read read = new Read(new ArrayList<>(whole.size()), new ArrayList<>());
        for (LineSplitter.Line line : whole) {
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

    /** The next thing to do: called when lines were parsed, documents acknowledged, the body ended, or room was awaited. */
    private void advance() {
        if (isOver) {
            return;
        }
        sendWaiting();
        if (!waiting.isEmpty() || batchesBeingParsed > 0) {
            pause();
        } else if (!isEnded) {
            request.resume();
        } else if (acknowledgements.pending() == 0) {
            answer();
        }
    }

    /* A request that has ended can be paused no more. */
    private void pause() {
        if (!isEnded) {
            request.pause();
        }
    }

    private void sendWaiting() {
        while (!waiting.isEmpty() && acknowledgements.pending() < MAX_UNACKNOWLEDGED) {
            Ready next = waiting.peekFirst();
            CompletableFuture<Void> sent = gateway.accept(next.parsed(), next.bytes());
            if (DocumentGateway.isFull(sent)) {
                retryLater();
                return;
            }
            waiting.removeFirst();
            acknowledgements.await(sent);
        }
    }

    private void retryLater() {
        if (!isRetryPlanned) {
            isRetryPlanned = true;
            ctx.vertx().setTimer(FULL_PAUSE_MS, id -> {
                isRetryPlanned = false;
                advance();
            });
        }
    }

    private void answer() {
        isOver = true;
        long accepted = acknowledgements.accepted();
        long failed = acknowledgements.failed();
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
