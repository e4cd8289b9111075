package io.foretell.platform;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import io.vertx.ext.web.impl.RoutingContextInternal;
import java.util.concurrent.TimeUnit;

/** Reads a request's body into memory, up to a limit and within a deadline. Thread-safe: keeps no state per request. */
final class LimitedBody implements Handler<RoutingContext> {
    private static final long DEADLINE_MS = TimeUnit.SECONDS.toMillis(60);
    private static final int FIRST_BUFFER_BYTES = 64 * 1024;

    private final int maxBytes;

    LimitedBody(int maxBytes) {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("a body's limit must be positive, not " + maxBytes);
        }
        this.maxBytes = maxBytes;
    }

    @Override
    public void handle(RoutingContext ctx) {
        long declared = admit(ctx, maxBytes);
        new Reading(ctx, Buffer.buffer((int) Math.min(Math.max(declared, 0), FIRST_BUFFER_BYTES))).begin();
    }

    /**
     * Checks the declared length, then sends 100-continue to a client that asked.
     *
     * @return the declared length, -1 when there is none
     */
    static long admit(RoutingContext ctx, long maxBytes) {
        HttpServerRequest request = ctx.request();
        long declared = declaredLength(request);
        if (declared > maxBytes) {
            throw tooLarge(maxBytes);
        }
        if (expectsContinue(request)) {
            ctx.response().writeContinue();
        }
        return declared;
    }

    static boolean expectsContinue(HttpServerRequest request) {
        return "100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT));
    }

    static ForetellException tooLarge(long maxBytes) {
        return new ForetellException(ErrorCode.TOO_LARGE, "the body is larger than " + maxBytes + " bytes");
    }

    private static long declaredLength(HttpServerRequest request) {
        String header = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        if (header == null) {
            return -1;
        }
        try {
            return Long.parseLong(header.strip());
        } catch (NumberFormatException e) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "Content-Length must be a number of bytes", e);
        }
    }

    /** One body being read. Confined to its request's event loop. */
    private final class Reading {
        private final RoutingContext ctx;
        private final Buffer body;
        private final long timer;
        private boolean over;

        private Reading(RoutingContext ctx, Buffer body) {
            this.ctx = ctx;
            this.body = body;
            this.timer = ctx.vertx().setTimer(DEADLINE_MS, id -> fail(late()));
        }

        private void begin() {
            HttpServerRequest request = ctx.request();
            if (request.isEnded()) {
                finish();
                return;
            }
            request.exceptionHandler(this::fail);
            request.handler(this::take);
            request.endHandler(end -> finish());
            request.resume();
        }

        private void take(Buffer chunk) {
            if (over) {
                return;
            }
            if (body.length() + (long) chunk.length() > maxBytes) {
                fail(tooLarge(maxBytes));
                return;
            }
            body.appendBuffer(chunk);
        }

        private void finish() {
            if (end()) {
                ((RoutingContextInternal) ctx).setBody(body);
                ctx.next();
            }
        }

        private void fail(Throwable failure) {
            if (end()) {
                ctx.fail(failure);
            }
        }

        private boolean end() {
            boolean first = !over;
            over = true;
            ctx.vertx().cancelTimer(timer);
            return first;
        }

        private HttpException late() {
            return new HttpException(408, "the body did not arrive within " + DEADLINE_MS / 1000 + " s");
        }
    }
}
