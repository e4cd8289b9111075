package io.foretell.platform;

import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.Consumer;

/**
 * One connected reader of an {@link EventStream}.
 *
 * <p>{@link #send} and {@link #end} may be called from any thread; everything else is confined to the request's event
 * loop.
 */
final class EventStreamClient {
    private static final int PING_TICKS = 15;
    private static final int SLOW_TICKS = 5;

    private final RoutingContext ctx;
    private final Context context;
    private final HttpServerResponse response;
    private final Consumer<EventStreamClient> onEnd;
    private final long tickMs;
    private long timer;
    private long ticks;
    private int fullTicks;

    EventStreamClient(RoutingContext ctx, long tickMs, Consumer<EventStreamClient> onEnd) {
        this.ctx = ctx;
        this.context = ctx.vertx().getOrCreateContext();
        this.response = ctx.response();
        this.onEnd = onEnd;
        this.tickMs = tickMs;
    }

    void begin(List<String> missed) {
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("X-Accel-Buffering", "no");
        ctx.addEndHandler(end -> forget());
        timer = ctx.vertx().setTimer(tickMs, id -> tick());
        response.write("retry: 2000\n\n" + String.join("", missed));
    }

    void send(String text) {
        context.runOnContext(go -> {
            if (isOpen()) {
                response.write(text);
            }
        });
    }

    void end() {
        context.runOnContext(go -> {
            forget();
            if (isOpen()) {
                response.end();
            }
        });
    }

    private void tick() {
        ticks++;
        fullTicks = response.writeQueueFull() ? fullTicks + 1 : 0;
        if (!isOpen() || fullTicks > SLOW_TICKS) {
            forget();
            ctx.request().connection().close();
            return;
        }
        if (ticks % PING_TICKS == 0) {
            response.write(": ping\n\n");
        }
        timer = ctx.vertx().setTimer(tickMs, id -> tick()); // a periodic timer would catch up on missed ticks
    }

    private boolean isOpen() {
        return !response.ended() && !response.closed();
    }

    private void forget() {
        ctx.vertx().cancelTimer(timer);
        onEnd.accept(this);
    }
}
