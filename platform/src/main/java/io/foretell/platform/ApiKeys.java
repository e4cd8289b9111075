package io.foretell.platform;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.security.MessageDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Admits requests with one of the keys, as {@code Authorization: Bearer} or {@code X-API-Key}.
 *
 * <p>Compares digests in constant time and against every key: timing reveals neither their content nor their number.
 * Thread-safe.
 */
final class ApiKeys implements Handler<RoutingContext> {
    private static final String BEARER = "Bearer ";

    private final List<byte[]> digests;

    ApiKeys(List<String> keys) {
        this.digests = keys.stream().map(Sha256::of).toList();
    }

    @Override
    public void handle(RoutingContext ctx) {
        if (ctx.request().path().startsWith("/health/") || isKnown(shown(ctx))) {
            ctx.next();
            return;
        }
        Http.fail(
                ctx,
                ErrorCode.UNAUTHORIZED,
                "this server needs an API key: Authorization: Bearer KEY or X-API-Key: KEY");
    }

    private boolean isKnown(@Nullable String key) {
        if (key == null) {
            return false;
        }
        byte[] digest = Sha256.of(key);
        boolean known = false;
        for (byte[] each : digests) {
            known |= MessageDigest.isEqual(each, digest);
        }
        return known;
    }

    private static @Nullable String shown(RoutingContext ctx) {
        String authorization = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
        if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return authorization.substring(BEARER.length()).strip();
        }
        return ctx.request().getHeader("X-API-Key");
    }
}
