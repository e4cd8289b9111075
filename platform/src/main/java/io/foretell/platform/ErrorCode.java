package io.foretell.platform;

import java.util.Locale;

/** The kind of a failure, grouped by what a client can do about it. Immutable. */
public enum ErrorCode {
    INVALID_REQUEST(400, "Invalid request"),
    UNAUTHORIZED(401, "API key needed"),
    NOT_FOUND(404, "Not found"),
    METHOD_NOT_ALLOWED(405, "Method not allowed"),
    CONFLICT(409, "Conflict"),
    TOO_LARGE(413, "Too large"),
    UNSUPPORTED_MEDIA_TYPE(415, "Unsupported media type"),
    UNPROCESSABLE(422, "Unprocessable"),
    TOO_MANY_REQUESTS(429, "Too many requests"),
    INTERNAL(500, "Internal error"),
    UNAVAILABLE(503, "Unavailable"),
    TIMEOUT(504, "Timeout"),
    CONFIGURATION(500, "Configuration error"),
    CORRUPT(500, "Corrupt data"),
    STORAGE(507, "Storage failure");

    private final int status;
    private final String title;

    ErrorCode(int status, String title) {
        this.status = status;
        this.title = title;
    }

    /** The HTTP status of the response. */
    public int status() {
        return status;
    }

    /** A short title, the same for every failure of this kind. */
    public String title() {
        return title;
    }

    /** The last part of the problem type, {@code /problems/<slug>}. */
    public String slug() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
