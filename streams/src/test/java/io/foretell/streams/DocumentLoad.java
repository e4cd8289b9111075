package io.foretell.streams;

import io.foretell.platform.Health;
import io.foretell.platform.HttpService;
import io.foretell.platform.HttpSettings;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;

/** A server for documents to be loaded from outside; prints its address and runs until its input ends. */
final class DocumentLoad {
    private DocumentLoad() {}

    public static void main(String[] args) throws Exception {
        Topics topics = SharedBroker.run(1);
        Vertx vertx = Vertx.vertx();
        try (Metrics metrics = new Metrics();
                DocumentGateway gateway = new DocumentGateway(SharedBroker.bootstrap(), topics, Time.system())) {
            HttpService server = HttpService.start(
                            vertx,
                            new HttpSettings("127.0.0.1", 0, null, null, 1_000_000),
                            List.of(new DocumentRoutes(gateway, new NothingKnown())),
                            metrics,
                            new Health())
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get();
            System.out.println("URL " + server.url());
            while (System.in.read() >= 0) {
                // until the end
            }
        }
        System.exit(0);
    }

    private static final class NothingKnown implements KnownDocuments {
        @Override
        public Optional<String> contentOf(String id) {
            return Optional.empty();
        }

        @Override
        public boolean mayKnow(String id) {
            return false;
        }
    }
}
