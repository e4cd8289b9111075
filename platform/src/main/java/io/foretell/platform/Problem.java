package io.foretell.platform;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.netty.handler.codec.http.HttpResponseStatus;
import org.jspecify.annotations.Nullable;

/**
 * The body of every failed request: RFC 9457 members, plus the {@code error} member that OpenAI clients read. Immutable.
 *
 * @param type {@code /problems/<slug>}, the same for every problem of its kind
 * @param title a few words, the same for every problem of its kind
 * @param status the HTTP status
 * @param detail one sentence the user can act on
 * @param instance the requested path and the request's id
 * @param error the same, for OpenAI clients
 */
public record Problem(String type, String title, int status, String detail, String instance, OpenAiError error) {

    /** The shape that OpenAI clients read. Immutable. */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record OpenAiError(
            String message,
            String type,
            @Nullable String code,
            @Nullable String param) {}

    public static Problem of(ErrorCode code, String detail, String instance) {
        return of(code.slug(), code.title(), code.status(), detail, instance);
    }

    /** A problem for a status without an {@link ErrorCode}, such as 406. */
    static Problem of(int status, String detail, String instance) {
        for (ErrorCode code : ErrorCode.values()) {
            if (code.status() == status) {
                return of(code, detail, instance);
            }
        }
        return of("http-" + status, HttpResponseStatus.valueOf(status).reasonPhrase(), status, detail, instance);
    }

    private static Problem of(String slug, String title, int status, String detail, String instance) {
        OpenAiError error = new OpenAiError(detail, openAiType(status), slug, null);
        return new Problem("/problems/" + slug, title, status, detail, instance, error);
    }

    private static String openAiType(int status) {
        if (status == 401) {
            return "authentication_error";
        }
        if (status == 429) {
            return "rate_limit_error";
        }
        return status < 500 ? "invalid_request_error" : "server_error";
    }
}
