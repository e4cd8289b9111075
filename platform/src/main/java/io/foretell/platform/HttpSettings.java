package io.foretell.platform;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Address, TLS and access settings of a server. Immutable; never prints its keys.
 *
 * @param host address to bind; other than loopback only with API keys
 * @param port 0 for a free port
 * @param apiKeys keys required by every route but {@code /health/*}; null or empty for no authentication
 * @param tls null for plain HTTP
 * @param maxBodyBytes maximum request body of ordinary routes
 */
public record HttpSettings(
        String host,
        int port,
        @Nullable List<String> apiKeys,
        @Nullable TlsSettings tls,
        int maxBodyBytes) {
    private static final int MAX_PORT = 65_535;

    public HttpSettings {
        Objects.requireNonNull(host, "http.host must be an address such as 127.0.0.1");
        Check.that("http.port", port, port >= 0 && port <= MAX_PORT, "0 to " + MAX_PORT);
        Check.that("the maximum size of a request body", maxBodyBytes, maxBodyBytes > 0, "above 0");
        apiKeys = apiKeys == null ? null : List.copyOf(apiKeys);
        if (apiKeys != null && apiKeys.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("http.api_keys must not contain an empty key");
        }
    }

    boolean isGuarded() {
        return apiKeys != null && !apiKeys.isEmpty();
    }

    boolean isLoopback() {
        return host.equals("localhost")
                || host.startsWith("127.")
                || host.equals("::1")
                || host.equals("0:0:0:0:0:0:0:1");
    }

    @Override
    public String toString() {
        String guard = isGuarded() ? "with API keys" : "without API keys";
        return "HttpSettings[" + host + ":" + port + ", " + guard + ", " + (tls == null ? "plain" : "TLS") + "]";
    }
}
