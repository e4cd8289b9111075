package io.foretell.platform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;

/** Helpers for route handlers: read a body, answer JSON, fail with a problem. Pure functions, thread-safe. */
public final class Http {
    static final String REQUEST_ID = "request_id";

    private Http() {}

    /** Responds with this value as JSON; call it on the request's own context. */
    public static Future<Void> json(RoutingContext ctx, int status, Object body) {
        Buffer bytes;
        try {
            bytes = Buffer.buffer(Json.mapper().writeValueAsBytes(body));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + body.getClass().getName() + " as JSON", e);
        }
        return ctx.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(bytes);
    }

    /**
     * The body read by {@link #limitedBody}, as a value; unknown members are ignored.
     *
     * @throws ForetellException INVALID_REQUEST with one sentence that names the member or the line and column
     */
    public static <T> T body(RoutingContext ctx, Class<T> type) {
        Buffer body = ctx.body().buffer();
        if (body == null || body.length() == 0) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "this request needs a JSON body");
        }
        byte[] bytes = body.getBytes();
        try {
            T value = Json.mapper().readValue(bytes, type);
            if (value == null) {
                throw new ForetellException(ErrorCode.INVALID_REQUEST, "this request needs a JSON body, not null");
            }
            return value;
        } catch (JsonMappingException e) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, MappingSentence.sentence(e), e);
        } catch (JsonProcessingException e) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, notJson(e), e);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "the body is not JSON", e);
        }
    }

    /**
     * A handler that reads the whole body, up to a limit, for {@link #body} or {@code ctx.body()}.
     *
     * <p>A body whose declared length exceeds the limit is rejected before it is read; otherwise as soon as it exceeds
     * the limit.
     */
    public static Handler<RoutingContext> limitedBody(int maxBytes) {
        return new LimitedBody(maxBytes);
    }

    /**
     * A handler for routes that read the request as a stream: rejects a body with too large a declared length, answers
     * {@code Expect: 100-continue}, and reads nothing. The route counts the actual bytes.
     */
    public static Handler<RoutingContext> streamedBody(long maxBytes) {
        return ctx -> {
            LimitedBody.admit(ctx, maxBytes);
            ctx.next();
        };
    }

    /** Fails the request with a problem of this code and sentence. */
    public static void fail(RoutingContext ctx, ErrorCode code, String sentence) {
        ctx.fail(new ForetellException(code, sentence));
    }

    /** The id of this request, as in its {@code X-Request-Id}. */
    public static String requestId(RoutingContext ctx) {
        String id = ctx.get(REQUEST_ID);
        return id == null ? "-" : id;
    }

    private static String notJson(JsonProcessingException e) {
        String where = e.getLocation() == null
                ? ""
                : " at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
        return "the body is not valid JSON" + where + ": "
                + e.getOriginalMessage().lines().findFirst().orElse("it ends too early");
    }
}
