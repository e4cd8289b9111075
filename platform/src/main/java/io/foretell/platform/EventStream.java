package io.foretell.platform;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A hub of server-sent events: every connected client receives all published events, in order.
 *
 * <p>Events are numbered from 1. A client that reconnects with {@code Last-Event-ID} (or, at its first call, with the
 * query {@code last_event_id=0}) gets the retained events that it missed. A client that does not read for 5 s is
 * disconnected and may reconnect the same way. Thread-safe; responses are written on their own event loops. The creator
 * closes it.
 */
public final class EventStream implements AutoCloseable {
    private static final long TICK_MS = 1000;

    private final int kept;
    private final long tickMs;
    private final Deque<Event> last = new ArrayDeque<>();
    private final Set<EventStreamClient> clients = new LinkedHashSet<>();
    private long published;
    private boolean closed;

    /** Retains this many events for clients that reconnect. */
    public EventStream(int kept) {
        this(kept, TICK_MS);
    }

    EventStream(int kept, long tickMs) {
        if (kept < 0) {
            throw new IllegalArgumentException("an event stream keeps 0 or more events, not " + kept);
        }
        this.kept = kept;
        this.tickMs = tickMs;
    }

    /** Sends an event to every client; returns at once. */
    public synchronized void publish(String event, String json) {
        if (closed) {
            return;
        }
        published++;
        Event next = new Event(published, text(published, event, json));
        last.addLast(next);
        if (last.size() > kept) {
            last.removeFirst();
        }
        clients.forEach(client -> client.send(next.text()));
    }

    /** The handler to mount on a GET route. */
    public Handler<RoutingContext> handler() {
        return this::connect;
    }

    /** The number of connected clients. */
    public synchronized int clients() {
        return clients.size();
    }

    /** Ends every response; later clients are refused. */
    @Override
    public void close() {
        List<EventStreamClient> leaving;
        synchronized (this) {
            closed = true;
            leaving = List.copyOf(clients);
            clients.clear();
        }
        leaving.forEach(EventStreamClient::end);
    }

    private void connect(RoutingContext ctx) {
        @Nullable Long seen = seen(ctx);
        EventStreamClient client = new EventStreamClient(ctx, tickMs, this::leave);
        synchronized (this) {
            if (closed) {
                Http.fail(ctx, ErrorCode.UNAVAILABLE, "this event stream is closed because the server stops");
                return;
            }
            clients.add(client);
            client.begin(seen == null ? List.of() : missed(seen));
        }
    }

    private synchronized void leave(EventStreamClient client) {
        clients.remove(client);
    }

    /* A future id comes from an earlier process: such a client has missed all events. */
    private List<String> missed(long seen) {
        long from = seen > published ? 0 : seen;
        return last.stream().filter(event -> event.id() > from).map(Event::text).toList();
    }

    private static @Nullable Long seen(RoutingContext ctx) {
        String header = ctx.request().getHeader("Last-Event-ID");
        String id = header == null ? ctx.request().getParam("last_event_id") : header;
        if (id == null || id.isBlank()) {
            return null;
        }
        try {
            return Long.valueOf(id.strip());
        } catch (NumberFormatException e) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "Last-Event-ID must be a number", e);
        }
    }

    private static String text(long id, String event, String json) {
        StringBuilder text = new StringBuilder(json.length() + event.length() + 40);
        text.append("id: ").append(id).append("\nevent: ").append(event).append('\n');
        json.lines().forEach(line -> text.append("data: ").append(line).append('\n'));
        return text.append('\n').toString();
    }

    private record Event(long id, String text) {}
}
