package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.Routes;
import io.foretell.platform.Sha256;
import io.foretell.sources.DocumentParser;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * Documents over HTTP: one as JSON, many as newline-delimited JSON. It answers 202 only when Kafka has acknowledged
 * everything that it counts as accepted. Thread-safe.
 */
public final class DocumentRoutes implements Routes {
    private static final String PATH = "/v1/documents";
    private static final String JSON = "application/json";
    private static final Set<String> LINES =
            Set.of("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines");
    /* JSON's syntax and the other fields come on top of the text. */
    private static final int SLACK_BYTES = 1_000_000;
    private static final long MAX_STREAM_BYTES = 64L << 30;
    /* What is parsed on the event loop; more goes to a worker. */
    private static final int SMALL_BYTES = 64 * 1024;

    private final DocumentGateway gateway;
    private final KnownDocuments known;
    private final DocumentParser parser = new DocumentParser();
    private final int maxBodyBytes = parser.maxBytes() + SLACK_BYTES;
    private final Handler<RoutingContext> limited = Http.limitedBody(maxBodyBytes);
    private final Handler<RoutingContext> streamed = Http.streamedBody(MAX_STREAM_BYTES);

    /**
     * Routes into {@code gateway}.
     *
     * @param known refuses other texts under ids it knows; reads the disk on worker threads only
     */
    public DocumentRoutes(DocumentGateway gateway, KnownDocuments known) {
        this.gateway = gateway;
        this.known = known;
    }

    @Override
    public void mount(Router router) {
        router.post(PATH)
                .handler(ctx -> (isLines(ctx) ? streamed : limited).handle(ctx))
                .handler(this::post);
        router.get(PATH + "/:id").handler(this::get);
    }

    @Override
    public String openapiResource() {
        return "openapi/documents.yaml";
    }

    private static boolean isLines(RoutingContext ctx) {
        String header = ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
        if (JSON.equals(header)) {
            return false;
        }
        String type = header == null ? "" : header.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        if (!type.equals(JSON) && !LINES.contains(type)) {
            throw new ForetellException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "documents are taken as application/json or application/x-ndjson, not "
                            + (type.isEmpty() ? "without a Content-Type" : "as " + type));
        }
        return !type.equals(JSON);
    }

    private void post(RoutingContext ctx) {
        if (isLines(ctx)) {
            new DocumentUpload(ctx, gateway, maxBodyBytes, this::admitted).begin();
            return;
        }
        if (ctx.body().buffer() == null || ctx.body().length() == 0) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "the body is empty; send {\"text\": \"...\"}");
        }
        byte[] body = ctx.body().buffer().getBytes();
        if (body.length <= SMALL_BYTES) {
            DocumentParser.Parsed parsed = parser.parseRecord(body);
            if (!mayContradict(parsed)) {
                send(ctx, body, parsed);
                return;
            }
            onWorker(ctx, () -> refuseOtherText(parsed))
                    .onSuccess(same -> send(ctx, body, same))
                    .onFailure(ctx::fail);
            return;
        }
        onWorker(ctx, () -> admitted(body))
                .onSuccess(parsed -> send(ctx, body, parsed))
                .onFailure(ctx::fail);
    }

    private static <T> Future<T> onWorker(RoutingContext ctx, Callable<T> work) {
        return ctx.vertx().executeBlocking(work, false);
    }

    /* Without an id of its own, the id is the text's hash. */
    private boolean mayContradict(DocumentParser.Parsed parsed) {
        return parsed.hasOwnId() && known.mayKnow(parsed.document().id());
    }

    private DocumentParser.Parsed admitted(byte[] json) {
        return refuseOtherText(parser.parseRecord(json));
    }

    private DocumentParser.Parsed refuseOtherText(DocumentParser.Parsed parsed) {
        if (mayContradict(parsed)) {
            String id = parsed.document().id();
            Optional<String> content = known.contentOf(id);
            if (content.isPresent()
                    && !content.get()
                            .equals(Sha256.hex(Sha256.of(parsed.document().text())))) {
                throw new ForetellException(
                        ErrorCode.CONFLICT, "the id '" + id + "' belongs to another text; give the new text a new id");
            }
        }
        return parsed;
    }

    private void send(RoutingContext ctx, byte[] body, DocumentParser.Parsed parsed) {
        Context loop = ctx.vertx().getOrCreateContext();
        String id = parsed.document().id();
        gateway.accept(parsed, body)
                .whenComplete((nothing, failure) -> loop.runOnContext(back -> {
                    if (ctx.response().closed() || ctx.response().ended()) {
                        return;
                    }
                    if (failure == null) {
                        Http.json(ctx, 202, Map.of("accepted", 1, "rejected", List.of(), "id", id));
                    } else {
                        ctx.fail(failure);
                    }
                }));
    }

    private void get(RoutingContext ctx) {
        String id = ctx.pathParam("id");
        Future<Optional<String>> answer = ctx.vertx().executeBlocking(() -> known.contentOf(id), false);
        answer.onSuccess(content -> Http.json(
                        ctx,
                        200,
                        content.isPresent()
                                ? Map.of("id", id, "status", "known", "sha256", content.get())
                                : Map.of("id", id, "status", "unknown")))
                .onFailure(ctx::fail);
    }
}
