package io.foretell.weightsync;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.FolderManifest;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.NumberedFolders;
import io.foretell.platform.Routes;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Published versions over HTTP, for workers that do not share the learner's file system: manifests, and files with single
 * byte ranges (RFC 9110, section 14). Thread-safe.
 */
public final class PolicyDownloads implements Routes {
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d{1,18})-(\\d{0,18})");

    private final Path policies;

    /** @param policies the folder of the versions */
    public PolicyDownloads(Path policies) {
        this.policies = policies;
    }

    @Override
    public String openapiResource() {
        return "openapi/policies.yaml";
    }

    @Override
    public void mount(Router router) {
        router.get("/v1/policies").handler(ctx -> answer(ctx, this::versions));
        router.get("/v1/policies/:version").handler(ctx -> answer(ctx, () -> manifest(version(ctx))));
        router.get("/v1/policies/:version/:file").handler(this::file);
    }

    private interface Reading {
        Object read();
    }

    private static void answer(RoutingContext ctx, Reading reading) {
        ctx.vertx()
                .executeBlocking(reading::read, false)
                .onSuccess(value -> Http.json(ctx, 200, value))
                .onFailure(ctx::fail);
    }

    private Object versions() {
        List<Long> versions = NumberedFolders.numbersIn(policies);
        return Map.of("versions", versions);
    }

    private FolderManifest manifest(long version) {
        Path folder = policies.resolve(NumberedFolders.name(version));
        if (!folder.toFile().isDirectory()) {
            throw new ForetellException(ErrorCode.NOT_FOUND, "there is no version " + version + " (any more)");
        }
        return FolderManifest.read(folder);
    }

    private static long version(RoutingContext ctx) {
        String text = ctx.pathParam("version");
        if (!text.matches("\\d{1,18}")) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "a version is a number, not '" + text + "'");
        }
        return Long.parseLong(text);
    }

    private void file(RoutingContext ctx) {
        long version = version(ctx);
        String name = ctx.pathParam("file");
        ctx.vertx()
                .executeBlocking(() -> entry(version, name), false)
                .onSuccess(entry -> send(ctx, version, name, entry))
                .onFailure(ctx::fail);
    }

    /* Only what the manifest names is sent, so that no name leads out of the folder. */
    private FolderManifest.Entry entry(long version, String name) {
        if (name.equals(FolderManifest.NAME)) {
            throw new ForetellException(
                    ErrorCode.NOT_FOUND, "the manifest of version " + version + " is /v1/policies/" + version);
        }
        FolderManifest.Entry entry = manifest(version).files().get(name);
        if (entry == null) {
            throw new ForetellException(ErrorCode.NOT_FOUND, "version " + version + " has no file '" + name + "'");
        }
        return entry;
    }

    private void send(RoutingContext ctx, long version, String name, FolderManifest.Entry entry) {
        long from = 0;
        long end = entry.size();
        String range = ctx.request().getHeader("Range");
        Matcher matcher = RANGE.matcher(range == null ? "" : range);
        if (matcher.matches()) { // what is no single range is ignored, as the standard allows
            from = Long.parseLong(matcher.group(1));
            end = matcher.group(2).isEmpty() ? end : Math.min(end, Long.parseLong(matcher.group(2)) + 1);
            if (from >= end) {
                ctx.response()
                        .setStatusCode(416)
                        .putHeader(HttpHeaders.CONTENT_RANGE, "bytes */" + entry.size())
                        .end();
                return;
            }
            ctx.response()
                    .setStatusCode(206)
                    .putHeader(HttpHeaders.CONTENT_RANGE, "bytes " + from + "-" + (end - 1) + "/" + entry.size());
        }
        ctx.response()
                .putHeader(HttpHeaders.ACCEPT_RANGES, "bytes")
                .putHeader(HttpHeaders.ETAG, '"' + entry.sha256() + '"')
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
        Path file = policies.resolve(NumberedFolders.name(version)).resolve(name);
        ctx.response().sendFile(file.toString(), from, end - from).onFailure(failure -> {
            if (ctx.response().headWritten()) {
                ctx.request().connection().close(); // the client sees that it is not whole
            } else {
                ctx.fail(new ForetellException(
                        ErrorCode.NOT_FOUND, "version " + version + " has gone meanwhile", failure));
            }
        });
    }
}
