package io.foretell.dashboard;

import io.foretell.platform.Routes;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The dashboard's files, read once from the class path. Thread-safe. */
public final class DashboardRoutes implements Routes {
    private static final List<String> FILES = List.of(
            "index.html",
            "style.css",
            "favicon.svg",
            "app.js",
            "api.js",
            "catalogue.js",
            "series.js",
            "charts.js",
            "headline.js",
            "rollouts.js",
            "format.js",
            "vendor/uPlot.esm.js",
            "vendor/uPlot.min.css");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml");

    private final Map<String, Buffer> files = new LinkedHashMap<>();

    public DashboardRoutes() {
        for (String file : FILES) {
            try (InputStream input = DashboardRoutes.class.getResourceAsStream("/dashboard/" + file)) {
                if (input == null) {
                    throw new IllegalStateException("the dashboard's " + file + " is not on the class path");
                }
                files.put("/" + file, Buffer.buffer(input.readAllBytes()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void mount(Router router) {
        router.get("/").handler(ctx -> send(ctx, "/index.html"));
        files.keySet().forEach(path -> router.get(path).handler(ctx -> send(ctx, path)));
    }

    private void send(RoutingContext ctx, String path) {
        ctx.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, TYPES.get(path.substring(path.lastIndexOf('.') + 1)))
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                .putHeader("Content-Security-Policy", "default-src 'self'")
                .putHeader("X-Content-Type-Options", "nosniff")
                .end(files.get(path));
    }
}
