package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.FinishReason;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContinuousBatchingTest {
    private static final long SEED = 41;

    @TempDir
    Path folder;

    private ModelConfig config;
    private Policy policy;

    @BeforeEach
    void open() {
        config = TestModels.config("qwen3", 2, true);
        policy = Policy.open(TestModels.write(folder.resolve("first"), config, 31), TestModels.ONE_THREAD);
    }

    @AfterEach
    void close() {
        policy.close();
    }

    private static GenerationRequest request(TokenArray prompt, int count, int maxTokens) {
        List<Long> seeds = LongStream.range(SEED, SEED + count).boxed().toList();
        return new GenerationRequest(prompt, seeds, SamplingParameters.plain(1, 0, maxTokens, -1));
    }

    @Test
    void requestsThatComeLaterJoinThoseInProgress() {
        Random random = new Random(SEED);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            requests.add(request(TestModels.tokens(random, 1 + random.nextInt(12)), 1 + i % 3, 1 + random.nextInt(30)));
        }
        List<List<Completion>> alone =
                requests.stream().map(r -> policy.generate(List.of(r)).get(0)).toList();
        List<CompletableFuture<List<Completion>>> results = new ArrayList<>();
        for (GenerationRequest request : requests) {
            results.add(policy.submit(request));
            policy.advance();
        }
        assertThat(policy.load().running()).isPositive();
        drain();
        assertSame(results, alone);
    }

    @Test
    void aWithdrawnRequestLeavesAndTheOthersDoNotNotice() {
        TokenArray prompt = TestModels.tokens(new Random(SEED), 6);
        List<Completion> undisturbed =
                policy.generate(List.of(request(prompt, 3, 24))).get(0);
        CompletableFuture<List<Completion>> first = policy.submit(request(prompt, 4, 24));
        CompletableFuture<List<Completion>> kept = policy.submit(request(prompt, 3, 24));
        CompletableFuture<List<Completion>> alone = policy.submit(request(prompt, 1, 24));
        policy.advance();
        assertThat(policy.load().running()).isEqualTo(8);
        first.cancel(false);
        alone.cancel(false);
        policy.advance();
        assertThat(policy.load().running()).isEqualTo(3);
        drain();
        assertThat(tokens(kept.join())).isEqualTo(tokens(undisturbed));
    }

    @Test
    void aRequestWithdrawnInTheMiddleOfARoundLeavesNothingBehind() {
        try (Policy small = Policy.open(folder.resolve("first"), TestModels.ONE_THREAD.withCacheTokens(60))) {
            TokenArray prompt = TestModels.tokens(new Random(SEED), 8);
            CompletableFuture<List<Completion>> withdrawn = small.submit(request(prompt, 2, 12));
            small.advance();
            CompletableFuture<List<Completion>> joining = small.submit(new GenerationRequest(
                    TokenArray.of(1, 2), List.of(SEED), SamplingParameters.plain(1, 0, 4, -1), () -> {
                        withdrawn.cancel(false); // when its row is made, between two looks at the others
                        return tokens -> false;
                    }));
            CompletableFuture<List<Completion>> whole = small.submit(request(prompt, 1, 52));
            for (int round = 0; round < 100 && small.advance(); round++) {
                assertThat(small.load().cacheTokens()).isLessThanOrEqualTo(60);
            }
            assertThat(joining).isCompleted();
            assertThat(whole).as("what needs all the memory").isCompleted();
        }
    }

    @Test
    void whatAPolicyThatClosesLeavesUnfinishedFails() {
        CompletableFuture<List<Completion>> running;
        CompletableFuture<List<Completion>> waiting;
        try (Policy closing = Policy.open(folder.resolve("first"), TestModels.ONE_THREAD.withRows(2))) {
            running = closing.submit(request(TokenArray.of(1), 2, 20));
            waiting = closing.submit(request(TokenArray.of(1), 2, 20));
            closing.advance();
        }
        assertThat(List.of(running, waiting))
                .allSatisfy(result -> assertThat(result)
                        .failsWithin(Duration.ZERO)
                        .withThrowableThat()
                        .withMessageContaining("the policy was closed"));
    }

    @Test
    void whatDoesNotFitTheBudgetWaitsAndWhatNeverFitsIsRefused() {
        PolicyOptions narrow = new PolicyOptions(1, 64).withCacheTokens(40);
        try (Policy small = Policy.open(folder.resolve("first"), narrow)) {
            TokenArray prompt = TestModels.tokens(new Random(SEED), 8);
            List<CompletableFuture<List<Completion>>> results = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                results.add(small.submit(request(prompt, 2, 12)));
            }
            small.advance();
            assertThat(small.load().running()).isEqualTo(2);
            assertThat(small.load().waiting()).isEqualTo(3);
            assertThat(small.load().cacheTokens()).isLessThanOrEqualTo(40);
            while (small.advance()) {
                assertThat(small.load().cacheTokens()).isLessThanOrEqualTo(40);
            }
            assertThat(results).allMatch(CompletableFuture::isDone);
            assertThatThrownBy(() -> small.submit(request(prompt, 1, 33)))
                    .isInstanceOf(PolicyException.class)
                    .hasMessage("a prompt of 8 tokens and 33 new ones do not fit the 40 tokens that keys and values"
                            + " are kept for");
        }
    }

    @Test
    void ofRequestsHandedInTogetherTheLongestStartFirst() {
        try (Policy narrow = Policy.open(folder.resolve("first"), TestModels.ONE_THREAD.withRows(1))) {
            TokenArray prompt = TestModels.tokens(new Random(SEED), 8);
            List<Integer> lengths = List.of(3, 9, 2, 9, 5);
            List<Integer> finished = new ArrayList<>();
            List<CompletableFuture<List<Completion>>> results = narrow.submit(
                    lengths.stream().map(most -> request(prompt, 1, most)).toList());
            results.forEach(result -> result.thenAccept(
                    samples -> finished.add(samples.get(0).tokens().length())));
            while (narrow.advance()) {
                assertThat(narrow.load().running()).isLessThanOrEqualTo(1);
            }
            assertThat(finished).containsExactly(9, 9, 5, 3, 2);
            assertThat(results)
                    .extracting(result -> result.join().get(0).tokens().length())
                    .isEqualTo(lengths);
        }
    }

    @Test
    void whatIsPrefilledAheadGrowsAsItWouldAlone() {
        Random random = new Random(SEED);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            requests.add(request(TestModels.tokens(random, 1 + random.nextInt(12)), 1 + i % 4, 2 + random.nextInt(30)));
        }
        List<List<Completion>> alone =
                requests.stream().map(r -> policy.generate(List.of(r)).get(0)).toList();
        try (Policy narrow = Policy.open(folder.resolve("first"), TestModels.ONE_THREAD.withRows(8))) {
            List<CompletableFuture<List<Completion>>> results =
                    requests.stream().map(narrow::submit).toList();
            int ahead = 0;
            while (narrow.advance()) {
                assertThat(narrow.load().running()).isLessThanOrEqualTo(10);
                ahead = Math.max(ahead, narrow.load().running() - 8);
            }
            assertThat(ahead).as("rows ahead, seed %d", SEED).isPositive();
            assertSame(results, alone);
        }
    }

    @Test
    void whatIsPrefilledAheadGrowsInTheOrderInWhichItCame() {
        try (Policy narrow = Policy.open(folder.resolve("first"), TestModels.ONE_THREAD.withRows(8))) {
            Random random = new Random(SEED);
            int[] round = {0};
            // The round in which each drew its second token: the first comes with the prefill.
            int[] started = new int[60];
            for (int i = 0; i < started.length; i++) {
                int number = i;
                narrow.submit(new GenerationRequest(
                        TestModels.tokens(random, 4),
                        List.of(SEED + i),
                        SamplingParameters.plain(1, 2, 2 + random.nextInt(30), -1),
                        () -> {
                            int[] seen = {0};
                            return tokens -> {
                                seen[0] += tokens.length;
                                started[number] = seen[0] == 2 ? round[0] : started[number];
                                return false;
                            };
                        }));
            }
            do {
                round[0]++;
            } while (narrow.advance());
            assertThat(started).as("seed %d", SEED).isSorted().doesNotContain(0);
        }
    }

    @Test
    void weightsSwitchedInFlightAreRecordedByTheTokensTheySampled() {
        TestModels.write(folder.resolve("second"), config, 32);
        policy.label(5);
        CompletableFuture<List<Completion>> result = policy.submit(request(TokenArray.of(1, 2, 3), 2, 20));
        policy.advance();
        policy.advance();
        policy.load(folder.resolve("second"));
        policy.label(6);
        drain();
        for (Completion sample : result.join()) {
            List<VersionRange> spans = sample.versions();
            assertThat(spans).extracting(VersionRange::version).containsExactly(5L, 6L);
            assertThat(spans.get(0).start()).isZero();
            assertThat(spans.get(0).end()).isEqualTo(spans.get(1).start()).isPositive();
            assertThat(spans.get(1).end()).isEqualTo(sample.tokens().length());
        }
    }

    @Test
    void aStopConditionEndsAContinuationAtItsToken() {
        TokenArray prompt = TestModels.tokens(new Random(SEED), 5);
        List<Completion> free = policy.generate(List.of(request(prompt, 4, 20))).get(0);
        GenerationRequest watched = new GenerationRequest(
                prompt, request(prompt, 4, 20).seeds(), SamplingParameters.plain(1, 0, 20, -1), () -> {
                    int[] seen = {0};
                    return tokens -> (seen[0] += tokens.length) >= 7;
                });
        List<Completion> stopped = policy.generate(List.of(watched)).get(0);
        for (int i = 0; i < 4; i++) {
            assertThat(stopped.get(i).tokens()).isEqualTo(free.get(i).tokens().slice(0, 7));
            assertThat(stopped.get(i).finishReason()).isEqualTo(FinishReason.STOP);
        }
    }

    private static void assertSame(List<CompletableFuture<List<Completion>>> results, List<List<Completion>> alone) {
        for (int i = 0; i < alone.size(); i++) {
            assertThat(tokens(results.get(i).join()))
                    .as("seed %d, request %d", SEED, i)
                    .isEqualTo(tokens(alone.get(i)));
        }
    }

    private void drain() {
        while (policy.advance()) {
            assertThat(policy.load().waiting()).isNotNegative();
        }
        assertThat(policy.load().running()).isZero();
    }

    private static List<TokenArray> tokens(List<Completion> samples) {
        return samples.stream().map(Completion::tokens).toList();
    }
}
