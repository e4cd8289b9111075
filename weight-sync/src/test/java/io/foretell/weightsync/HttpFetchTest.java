package io.foretell.weightsync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.foretell.domain.PublishedWeights;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a server that serves ranges and misbehaves. */
class HttpFetchTest {
    @TempDir
    Path folder;

    private HttpServer server;
    private final Map<String, byte[]> files = new HashMap<>();
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

    /** Bytes after which the connection breaks, for the requests to come, in order. */
    private final List<Integer> breaks = Collections.synchronizedList(new ArrayList<>());

    /** How many requests to come get another content. */
    private volatile int tampered;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/policies/", this::answer);
        server.start();
        files.put("config.json", "{}".getBytes());
        files.put("model.safetensors", random(300_000, 1));
        files.put("ema.safetensors", random(300_000, 2));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String name = exchange.getRequestURI().getPath().replaceAll(".*/", "");
            String range = exchange.getRequestHeaders().getFirst("Range");
            asked.add(name + (range == null ? "" : " " + range));
            if (!"Bearer secret".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            if (!files.containsKey(name)) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            byte[] content = files.get(name).clone();
            if (tampered > 0 && name.startsWith("model")) {
                tampered--;
                content[7] ^= 1;
            }
            int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            exchange.sendResponseHeaders(range == null ? 200 : 206, content.length - from);
            int until = breaks.isEmpty() || !name.startsWith("model") ? content.length : from + breaks.remove(0);
            exchange.getResponseBody().write(Arrays.copyOfRange(content, from, until));
            exchange.getResponseBody().flush();
        }
    }

    private PublishedWeights version(long number) {
        Map<String, String> hashes = new HashMap<>();
        files.forEach((name, content) -> {
            try {
                hashes.put(name, AtomicFiles.sha256(Files.write(folder.resolve("hashed"), content)));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        return new PublishedWeights("run", number, "/not/here", hashes);
    }

    private HttpFetch fetch(String key, Duration deadline) {
        URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        return new HttpFetch(uri, key, folder.resolve("cache"), deadline, Time.system());
    }

    private HttpFetch fetch() {
        return fetch("secret", Duration.ofSeconds(60));
    }

    @Test
    void whatIsWantedComesWholeAndVerified() {
        PolicyFetch.Fetched fetched = fetch().fetch(version(3), name -> !name.startsWith("ema"));

        assertThat(fetched.bytes()).isEqualTo(300_002);
        assertThat(fetched.folder().resolve("model.safetensors")).hasBinaryContent(files.get("model.safetensors"));
        assertThat(fetched.folder().resolve("ema.safetensors")).doesNotExist();
    }

    @Test
    void aBrokenConnectionIsTakenUpWhereItBroke() {
        breaks.addAll(List.of(100_000, 50_000));

        Path file = fetch().fetch(version(3), name -> true).folder().resolve("model.safetensors");

        assertThat(file).hasBinaryContent(files.get("model.safetensors"));
        assertThat(asked).filteredOn(each -> each.startsWith("model")).hasSize(3);
        assertThat(asked.stream()
                        .filter(each -> each.startsWith("model"))
                        .toList()
                        .get(1))
                .matches("model.safetensors bytes=[1-9]\\d*-");
    }

    @Test
    void whatIsTamperedWithIsFetchedOnceMore() {
        tampered = 1;
        Path file = fetch().fetch(version(3), name -> true).folder().resolve("model.safetensors");
        assertThat(file).hasBinaryContent(files.get("model.safetensors"));

        tampered = 2;
        files.put("model.safetensors", random(1000, 9));
        assertThatThrownBy(() -> fetch().fetch(version(4), name -> true))
                .isInstanceOfSatisfying(
                        ForetellException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT))
                .hasMessageContaining("model.safetensors is not the file that was published");
    }

    @Test
    void whatDidNotChangeIsNotFetchedAgainAndTwoVersionsStay() {
        HttpFetch fetch = fetch();
        Path first = fetch.fetch(version(1), name -> true).folder();
        files.put("model.safetensors", random(2000, 5));
        asked.clear();
        PolicyFetch.Fetched second = fetch.fetch(version(2), name -> true);
        assertThat(asked).containsExactly("model.safetensors");
        assertThat(second.bytes()).isEqualTo(2000);
        assertThat(second.folder().resolve("ema.safetensors")).hasBinaryContent(files.get("ema.safetensors"));
        assertThat(first).isDirectory();
        files.put("model.safetensors", random(2000, 6));
        fetch.fetch(version(3), name -> true);
        assertThat(first).doesNotExist();
        assertThat(second.folder()).isDirectory();
    }

    @Test
    void aRefusalSaysWhatToDo() {
        assertThatThrownBy(() -> fetch("wrong", Duration.ofSeconds(60)).fetch(version(3), name -> true))
                .hasMessageContaining("http.api_keys");
        PublishedWeights gone = version(3);
        files.remove("model.safetensors");
        assertThatThrownBy(() -> fetch().fetch(gone, name -> true)).hasMessageContaining("is not there (any more)");
        assertThat(folder.resolve("cache")).isEmptyDirectory();
    }

    @Test
    void aServerThatIsNotThereIsGivenUpInTime() {
        server.stop(0);
        assertThatThrownBy(() -> fetch("secret", Duration.ofSeconds(1)).fetch(version(3), name -> true))
                .isInstanceOfSatisfying(
                        ForetellException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TIMEOUT))
                .hasMessageContaining("within 1 s");
    }

    @Test
    void aFolderThatIsSeenNeedsNoServerAndIsVerifiedToo() throws IOException {
        server.stop(0);
        Path shared = Files.createDirectory(folder.resolve("shared"));
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Files.write(shared.resolve(file.getKey()), file.getValue());
        }
        PublishedWeights version =
                new PublishedWeights("run", 1, shared.toString(), version(1).files());
        PolicyFetch fetch = PolicyFetch.folderOr(fetch("secret", Duration.ofMillis(100)));
        assertThat(fetch.fetch(version, name -> true)).isEqualTo(new PolicyFetch.Fetched(shared, 600_002));
        Files.write(shared.resolve("ema.safetensors"), random(300_000, 77));
        assertThat(fetch.fetch(version, name -> !name.startsWith("ema")).bytes())
                .isEqualTo(300_002);
        assertThatThrownBy(() -> fetch.fetch(version, name -> true))
                .hasMessageContaining("ema.safetensors is not the file that was published");
    }
}
