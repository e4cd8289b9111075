package io.foretell.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FuturesTest {
    private final CompletableFuture<String> first = new CompletableFuture<>();
    private final CompletableFuture<String> second = new CompletableFuture<>();
    private final CompletableFuture<List<String>> all = Futures.all(List.of(first, second));

    @Test
    void resultsComeInTheOrderOfTheFutures() {
        second.complete("b");
        assertThat(all).isNotDone();
        first.complete("a");

        assertThat(all).isCompletedWithValue(List.of("a", "b"));
    }

    @Test
    void oneFailureFailsAll() {
        first.completeExceptionally(new IllegalStateException("no a"));
        assertThat(all).isNotDone();
        second.complete("b");

        assertThatThrownBy(all::join).hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void nothingToWaitForIsDoneAtOnce() {
        assertThat(Futures.all(List.<CompletableFuture<String>>of())).isCompletedWithValue(List.of());
    }
}
