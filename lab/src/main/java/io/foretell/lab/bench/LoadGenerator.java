package io.foretell.lab.bench;

import io.foretell.platform.EventLoops;
import io.foretell.platform.Time;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * A closed loop over HTTP: a fixed number of clients, each with its own connection, each sending its next request
 * when the previous one is answered. Has its own event loop; used by one thread.
 */
final class LoadGenerator implements AutoCloseable {
    private static final int ACCEPTED = 202;
    private static final long ANSWER_SECONDS = 60;

    /**
     * Result of a round.
     *
     * @param latenciesMs latencies of the 202 answers
     * @param errors number of other answers and broken connections
     */
    record Result(double[] latenciesMs, long errors, double seconds) {}

    private final Vertx vertx = EventLoops.start(1);
    private final HttpClientAgent client;
    private final RequestOptions request;
    private final int clients;
    private final Supplier<Buffer> bodies;

    /** @param bodies makes the next body; called on the generator's event loop */
    LoadGenerator(String url, String contentType, int clients, Supplier<Buffer> bodies) {
        this.clients = clients;
        this.bodies = bodies;
        this.client = vertx.createHttpClient(new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(clients));
        this.request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setAbsoluteURI(URI.create(url) + "/v1/documents")
                .putHeader(HttpHeaders.CONTENT_TYPE, contentType);
    }

    /** Sends for {@code seconds}, then waits for the outstanding answers. */
    Result run(double seconds) {
        Round round = new Round(Time.system().nanos() + (long) (seconds * 1e9));
        return round.run();
    }

    /** One round. Confined to the event loop, except {@link #run}. */
    private final class Round {
        private final long begin = Time.system().nanos();
        private final long until;
        private final Promise<Result> result = Promise.promise();
        private final List<Double> latenciesMs = new ArrayList<>();
        private long errors;
        private int active = clients;

        private Round(long until) {
            this.until = until;
        }

        private Result run() {
            vertx.runOnContext(go -> {
                for (int i = 0; i < clients; i++) {
                    next();
                }
            });
            try {
                return result.future().await(ANSWER_SECONDS + (until - begin) / 1_000_000_000, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                throw new IllegalStateException("answers are missing after " + ANSWER_SECONDS + " s", e);
            }
        }

        private void next() {
            long sent = Time.system().nanos();
            if (sent >= until) {
                if (--active == 0) {
                    double[] all = latenciesMs.stream()
                            .mapToDouble(Double::doubleValue)
                            .toArray();
                    result.complete(new Result(all, errors, (Time.system().nanos() - begin) / 1e9));
                }
                return;
            }
            client.request(request)
                    .compose(open -> open.send(bodies.get()))
                    .compose(answer -> answer.end().map(end -> answer.statusCode()))
                    .onComplete(status -> {
                        if (status.succeeded() && status.result() == ACCEPTED) {
                            latenciesMs.add((Time.system().nanos() - sent) / 1e6);
                        } else {
                            errors++;
                        }
                        next();
                    });
        }
    }

    @Override
    public void close() {
        client.close();
        vertx.close();
    }
}
