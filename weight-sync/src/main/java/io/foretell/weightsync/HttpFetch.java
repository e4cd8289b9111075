package io.foretell.weightsync;

import io.foretell.domain.PublishedWeights;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Deadline;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RetryUntil;
import io.foretell.platform.Time;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Published weights over HTTP from the learner, {@code GET /v1/policies/{version}/{file}}, into a folder of this process.
 * A broken download resumes with a range request; a file whose hash is wrong is fetched once more from its beginning.
 * Files that did not change since the version before (tokenizer, configuration) are not fetched again. Two versions are
 * kept. One call at a time.
 */
public final class HttpFetch implements PolicyFetch {
    private static final Logger log = LoggerFactory.getLogger(HttpFetch.class);
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration MIN_PAUSE = Duration.ofMillis(500);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(1);

    private final URI learner;
    private final @Nullable String key;
    private final Path cache;
    private final Duration deadline;
    private final Time time;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(CONNECT).build();
    private Map<String, Path> known = Map.of(); // by sha-256
    private @Nullable Path before;

    /**
     * @param learner such as {@code http://host:8080}
     * @param key for servers that ask for one
     * @param cache a folder of this process alone; what is in it is deleted
     * @param deadline for all files of a version together
     */
    public HttpFetch(URI learner, @Nullable String key, Path cache, Duration deadline, Time time) {
        this.learner = learner;
        this.key = key;
        this.cache = cache;
        this.deadline = deadline;
        this.time = time;
        AtomicFiles.deleteFolder(cache);
    }

    @Override
    public synchronized Fetched fetch(PublishedWeights version, Predicate<String> wanted) {
        Deadline end = time.deadline(deadline);
        Path folder = cache.resolve(String.format(Locale.ROOT, "%06d-%d", version.version(), time.nanos()));
        Map<String, Path> files = new TreeMap<>();
        long bytes = 0;
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, String> file : new TreeMap<>(version.files()).entrySet()) {
                if (wanted.test(file.getKey())) {
                    Path target = inside(folder, file.getKey());
                    bytes += file(version.version(), file.getKey(), file.getValue(), target, end);
                    files.put(file.getValue(), target);
                }
            }
        } catch (IOException e) {
            AtomicFiles.deleteFolder(folder);
            throw new ForetellException(ErrorCode.STORAGE, "cannot write " + folder + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            try {
                AtomicFiles.deleteFolder(folder);
            } catch (ForetellException left) { // an answer given up may be written to for a moment yet
                e.addSuppressed(left);
            }
            throw e;
        }
        Path old = before;
        before = known.isEmpty() ? null : known.values().iterator().next().getParent();
        known = files;
        if (old != null) {
            AtomicFiles.deleteFolder(old);
        }
        return new Fetched(folder, bytes);
    }

    private static Path inside(Path folder, String name) {
        Path file = folder.resolve(name).normalize();
        if (!folder.equals(file.getParent())) {
            throw new ForetellException(ErrorCode.CORRUPT, "a policy version names a file '" + name + "'");
        }
        return file;
    }

    /** Bytes that came over the network. */
    private long file(long version, String name, String sha256, Path target, Deadline end) throws IOException {
        Path same = known.get(sha256);
        if (same != null) {
            Files.copy(same, target);
            return 0;
        }
        URI uri = learner.resolve("/v1/policies/" + version + "/" + name);
        long bytes = download(uri, target, end);
        if (!AtomicFiles.sha256(target).equals(sha256)) {
            log.warn("{} is not the file that was published, it is fetched again", uri);
            Files.delete(target);
            bytes += download(uri, target, end);
            PolicyFetch.verified(target, sha256);
        }
        return bytes;
    }

    private long download(URI uri, Path target, Deadline end) throws IOException {
        try {
            return new RetryUntil(time, end.left(), MIN_PAUSE, MAX_PAUSE)
                    .call(
                            "fetching " + uri,
                            () -> {
                                attempt(uri, target, end);
                                return Files.size(target);
                            },
                            IOException.class::isInstance);
        } catch (IOException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT,
                    uri + " could not be fetched within " + deadline.toSeconds() + " s, "
                            + (Files.exists(target) ? Files.size(target) : 0) + " bytes came: " + e,
                    e);
        }
    }

    /** Takes the file up where it ends; an exception when the connection breaks first. */
    private void attempt(URI uri, Path target, Deadline end) throws IOException {
        long from = Files.exists(target) ? Files.size(target) : 0;
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        if (key != null) {
            request.header("Authorization", "Bearer " + key);
        }
        int status = send(request.build(), target, end);
        if (status >= 500) {
            throw new IOException("the learner answers " + status);
        }
        if (status != 200 && status != 206 && status != 416) { // 416: nothing is left behind what is there
            throw refused(uri, status);
        }
    }

    /** Into the target's end where the answer is a part, else in its place. */
    private static HttpResponse.BodySubscriber<Path> into(Path target, int status) {
        return switch (status) {
            case 200 ->
                HttpResponse.BodySubscribers.ofFile(
                        target,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING);
            case 206 ->
                HttpResponse.BodySubscribers.ofFile(
                        target, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
            default -> HttpResponse.BodySubscribers.replacing(target);
        };
    }

    private int send(HttpRequest request, Path target, Deadline end) throws IOException {
        CompletableFuture<HttpResponse<Path>> answer =
                client.sendAsync(request, info -> into(target, info.statusCode()));
        try {
            return answer.get(Math.max(1, end.left().toNanos()), TimeUnit.NANOSECONDS)
                    .statusCode();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException("no answer in time", e);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while fetching weights", e);
        }
    }

    private static ForetellException refused(URI uri, int status) {
        return switch (status) {
            case 401, 403 ->
                new ForetellException(
                        ErrorCode.UNAUTHORIZED,
                        uri + " asks for a key: this process needs the learner's http.api_keys");
            case 404 -> new ForetellException(ErrorCode.NOT_FOUND, uri + " is not there (any more)");
            default -> new ForetellException(ErrorCode.UNAVAILABLE, uri + " answered " + status);
        };
    }
}
