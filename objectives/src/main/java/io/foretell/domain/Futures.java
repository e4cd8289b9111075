package io.foretell.domain;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Helpers that {@link CompletableFuture} lacks. Pure functions. */
public final class Futures {
    private Futures() {}

    /** The results in order, once all have completed; fails, also once all have completed, if any failed. */
    public static <T> CompletableFuture<List<T>> all(Collection<CompletableFuture<T>> futures) {
        List<CompletableFuture<T>> each = List.copyOf(futures);
        return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new))
                .thenApply(done -> each.stream().map(CompletableFuture::join).toList());
    }
}
