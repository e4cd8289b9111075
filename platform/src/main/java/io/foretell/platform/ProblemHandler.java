package io.foretell.platform;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers every failure with a {@link Problem}; internal details are logged under the request's id, not sent.
 *
 * <p>Thread-safe; called on the request's event loop.
 */
final class ProblemHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemHandler.class);
    private static final long DISCARD_MS = TimeUnit.SECONDS.toMillis(60);
    private static final int UNKNOWN = -1;

    private final int statusOfRouter;

    private ProblemHandler(int statusOfRouter) {
        this.statusOfRouter = statusOfRouter;
    }

    /** Answers failures of handlers. */
    static ProblemHandler ofFailures() {
        return new ProblemHandler(UNKNOWN);
    }

    /** Answers requests that the router itself rejected with this status. */
    static ProblemHandler ofStatus(int status) {
        return new ProblemHandler(status);
    }

    @Override
    public void handle(RoutingContext ctx) {
        HttpServerResponse response = ctx.response();
        if (response.ended() || response.closed()) {
            return;
        }
        if (response.headWritten()) {
            LOG.warn("failed after the answer had begun requestId={}", Http.requestId(ctx), ctx.failure());
            response.reset();
            return;
        }
        answer(ctx, problem(ctx));
    }

    private Problem problem(RoutingContext ctx) {
        Throwable failure = ctx.failure();
        String instance = ctx.request().path() + "#" + Http.requestId(ctx);
        if (failure instanceof ForetellException known) {
            return known.code().status() == 500 || known.code() == ErrorCode.STORAGE
                    ? hidden(ctx, known.code(), instance)
                    : Problem.of(known.code(), known.getMessage(), instance);
        }
        int status = failure instanceof HttpException http ? http.getStatusCode() : statusOf(ctx, failure);
        if (status >= 500 && status != 503) {
            return hidden(ctx, ErrorCode.INTERNAL, instance);
        }
        String payload = failure instanceof HttpException http ? http.getPayload() : null;
        return Problem.of(status, payload == null ? sentence(ctx, status) : payload, instance);
    }

    private int statusOf(RoutingContext ctx, Throwable failure) {
        if (statusOfRouter != UNKNOWN) {
            return statusOfRouter;
        }
        return failure != null || ctx.statusCode() < 400 ? 500 : ctx.statusCode();
    }

    private static Problem hidden(RoutingContext ctx, ErrorCode code, String instance) {
        LOG.error(
                "request failed method={} path={} requestId={}",
                ctx.request().method(),
                ctx.request().path(),
                Http.requestId(ctx),
                ctx.failure());
        String what = code == ErrorCode.STORAGE ? "the server cannot store data at the moment" : "the server failed";
        return Problem.of(code, what + "; its log has the reason under request id " + Http.requestId(ctx), instance);
    }

    private static String sentence(RoutingContext ctx, int status) {
        String method = ctx.request().method().name();
        String path = ctx.request().path();
        return switch (status) {
            case 404 -> "there is nothing at " + path;
            case 405 -> method + " is not possible on " + path;
            case 406 -> path + " cannot answer in a media type that this request accepts";
            case 413 -> "the body is too large";
            case 415 -> path + " does not read the media type " + ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
            case 400 -> "the request is malformed";
            default -> method + " " + path + " failed with status " + status;
        };
    }

    private static void answer(RoutingContext ctx, Problem problem) {
        HttpServerResponse response = ctx.response();
        HttpServerRequest request = ctx.request();
        response.setStatusCode(problem.status()).putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json");
        if (problem.status() == 401) {
            response.putHeader("WWW-Authenticate", "Bearer");
        }
        if ((problem.status() == 429 || problem.status() == 503)
                && !response.headers().contains("Retry-After")) {
            response.putHeader("Retry-After", "1");
        }
        boolean bodyIsComing = !request.isEnded();
        if (bodyIsComing && LimitedBody.expectsContinue(request)) {
            // the client may or may not still send the body, so this connection cannot be reused
            response.putHeader(HttpHeaders.CONNECTION, "close");
            response.end(bytes(problem)).onComplete(sent -> request.connection().close());
            return;
        }
        response.end(bytes(problem));
        if (bodyIsComing) {
            discard(ctx);
        }
    }

    /* Closing immediately would reset the connection before the client has read the answer. */
    private static void discard(RoutingContext ctx) {
        HttpServerRequest request = ctx.request();
        long timer = ctx.vertx().setTimer(DISCARD_MS, id -> request.connection().close());
        request.exceptionHandler(failure -> ctx.vertx().cancelTimer(timer));
        request.handler(chunk -> {});
        request.endHandler(end -> ctx.vertx().cancelTimer(timer));
        request.resume();
    }

    static Buffer bytes(Problem problem) {
        try {
            return Buffer.buffer(Json.mapper().writeValueAsBytes(problem));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a problem can always be written", e);
        }
    }
}
