package io.foretell.domain;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What {@link CompletableFuture} lacks. Pure functions. */
public final class Futures {
    private Futures() {}

    /** The results in order, as soon as all are there; fails once all are done if one has failed. */
    public static <T> CompletableFuture<List<T>> all(Collection<CompletableFuture<T>> futures) {
        List<CompletableFuture<T>> each = List.copyOf(futures);
        return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new))
                .thenApply(done -> each.stream().map(CompletableFuture::join).toList());
    }
}
