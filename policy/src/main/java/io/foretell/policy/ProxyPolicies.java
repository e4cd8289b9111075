package io.foretell.policy;

import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.objectives.ProxyModel;
import io.foretell.objectives.ProxyModels;
import io.foretell.platform.Metrics;
import io.foretell.platform.OwnerThread;
import io.micrometer.core.instrument.Counter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The proxy models of one process, each on an owner thread of its own. A folder is checked when it is named. Its
 * weights are read only on first use, so processes that only name it do not load it. Thread-safe.
 *
 * <p>The counter {@code proxy_tokens} counts the tokens queried for entropy, by threshold. The count for at least 1.0
 * divided by the count for at least 0.0 is the share of positions that pass a threshold of 1.0.
 */
public final class ProxyPolicies implements ProxyModels, AutoCloseable {
    private static final Duration LOADING = Duration.ofMinutes(5);
    private static final Duration ANSWER = Duration.ofSeconds(45); // below the feeder's transaction timeout
    private static final double[] THRESHOLDS = {0, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 2.5};

    private final PolicyOptions options;
    private final List<Counter> tokens;
    private final Map<Path, Proxy> proxies = new ConcurrentHashMap<>();

    public ProxyPolicies(PolicyOptions options, Metrics metrics) {
        this.options = options.with(PolicyOptions.Use.SAMPLING);
        this.tokens = Arrays.stream(THRESHOLDS)
                .mapToObj(threshold ->
                        metrics.registry().counter("proxy_tokens", "entropy_of_at_least", String.valueOf(threshold)))
                .toList();
    }

    /**
     * {@inheritDoc}
     *
     * @throws PolicyException when {@code folder} has no model, or one with another vocabulary
     */
    @Override
    public ProxyModel open(String folder, Tokenizer tokenizer) {
        Path path =
                ModelConfig.folder("option 'proxy'", folder).toAbsolutePath().normalize();
        ModelConfig.read(path);
        try (HuggingFaceTokenizer own = HuggingFaceTokenizer.open(path)) {
            own.difference(tokenizer).ifPresent(difference -> {
                throw new PolicyException("the proxy model " + folder + " has another vocabulary than the policy: "
                        + difference + "; take one of the policy's family");
            });
        }
        return proxies.computeIfAbsent(path, Proxy::new);
    }

    /** Reads the weights of all named models that are not loaded yet. */
    public void load() {
        proxies.values().forEach(Proxy::load);
    }

    private void count(FloatArray entropies) {
        for (int i = 0; i < THRESHOLDS.length; i++) {
            double threshold = THRESHOLDS[i];
            tokens.get(i)
                    .increment(IntStream.range(1, entropies.length())
                            .filter(t -> entropies.at(t) >= threshold)
                            .count());
        }
    }

    @Override
    public void close() {
        proxies.values().forEach(Proxy::close);
    }

    private final class Proxy implements ProxyModel {
        private final Path folder;
        private final OwnerThread owner;
        private @Nullable Policy policy; // confined to the owner thread

        Proxy(Path folder) {
            this.folder = folder;
            this.owner = OwnerThread.start("proxy-" + folder.getFileName());
        }

        void load() {
            owner.call(LOADING, this::policy);
        }

        private Policy policy() {
            Policy loaded = policy;
            if (loaded == null) {
                loaded = Policy.open(folder, options);
                policy = loaded;
            }
            return loaded;
        }

        @Override
        public FloatArray entropies(TokenArray text, int top) {
            FloatArray found = owner.call(ANSWER, () -> policy().entropies(text, top));
            count(found);
            return found;
        }

        void close() {
            owner.submit(() -> {
                if (policy != null) {
                    policy.close();
                    policy = null;
                }
                return true;
            });
            owner.close();
        }
    }
}
