package io.foretell.platform;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;

/** Answers malformed HTTP and oversized headers with a {@link Problem} and closes the connection. Thread-safe. */
final class MalformedRequest implements Handler<HttpServerRequest> {
    @Override
    public void handle(HttpServerRequest request) {
        Problem problem = problem(request.decoderResult().cause());
        request.response()
                .setStatusCode(problem.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json")
                .putHeader(HttpHeaders.CONNECTION, "close")
                .end(ProblemHandler.bytes(problem))
                .onComplete(sent -> request.connection().close());
    }

    private static Problem problem(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return Problem.of(414, "the request's address is too long", "/");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return Problem.of(431, "the request's headers are larger than 16 KB", "/");
        }
        return Problem.of(ErrorCode.INVALID_REQUEST, "the request is not HTTP", "/");
    }
}
