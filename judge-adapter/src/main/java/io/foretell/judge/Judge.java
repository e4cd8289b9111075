package io.foretell.judge;

import io.foretell.domain.Futures;
import io.foretell.domain.Verdict;
import io.foretell.judge.AnswerFormat.ParsedAnswer;
import io.foretell.judge.JudgeFailure.Kind;
import io.foretell.platform.Metrics;
import io.foretell.platform.Threads;
import io.micrometer.core.instrument.Gauge;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Verdicts of a language model. A question is asked {@code samples} times, a pair in both orders, and the scores are
 * averaged; questions beyond {@code max_concurrent} queue. A missing verdict carries the reason and is never 0.
 * Thread-safe; nothing blocks. The creator closes it.
 */
public final class Judge implements AutoCloseable {
    private static final long CLOSE_SECONDS = 5;

    private final JudgeSettings settings;
    private final JudgePrompts prompts;
    private final ResilientJudge judge;
    private final VerdictStore store;
    private final JudgeBiasMonitor watch;
    private final CachingJudge examiner;
    private final ThreadPoolExecutor threads;
    private final Map<String, CompletableFuture<ParsedAnswer>> underWay = new ConcurrentHashMap<>();

    private Judge(
            JudgeSettings settings,
            JudgePrompts prompts,
            JudgeModel model,
            VerdictStore store,
            String name,
            Metrics metrics) {
        this.settings = settings;
        this.prompts = prompts;
        this.store = store;
        this.judge = new ResilientJudge(
                settings, model, new TokenBudget(settings.limits().maxSpentTokens(), store), name, metrics);
        this.watch = new JudgeBiasMonitor(settings.answers().swapOrder(), metrics);
        this.examiner = new CachingJudge(settings, judge, store, watch, metrics);
        int max = settings.limits().maxConcurrent();
        this.threads = new ThreadPoolExecutor(
                max, max, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Threads.daemons("judge"));
        threads.allowCoreThreadTimeOut(true);
        Gauge.builder("reward_judge_queue", threads, pool -> pool.getQueue().size())
                .tag(ResilientJudge.NAME, name)
                .register(metrics.registry());
    }

    /**
     * A judge that asks {@code model} and owns it.
     *
     * @param folder folder for cached verdicts and spent tokens; its name labels this judge in metrics
     * @throws IllegalArgumentException if a prompt is invalid
     */
    public static Judge open(JudgeSettings settings, JudgeModel model, Path folder, Metrics metrics) {
        JudgePrompts prompts = settings.answers().prompts() == null
                ? JudgePrompts.builtIn()
                : JudgePrompts.open(Path.of(settings.answers().prompts()));
        String name = String.valueOf(folder.getFileName());
        return new Judge(settings, prompts, model, VerdictStore.open(folder), name, metrics);
    }

    /** A verdict of {@code role} on the material for its placeholders; never completes exceptionally. */
    public CompletableFuture<Verdict> ask(String role, Map<String, String> material) {
        JudgePrompt prompt = prompts.prompt(role);
        if (prompt == null) {
            return CompletableFuture.completedFuture(Verdicts.failed(
                    "there is no judge's role '" + role + "' among the prompts; known are " + prompts.roles()));
        }
        try {
            int samples = prompt.isText() ? 1 : settings.answers().samples();
            List<CompletableFuture<Verdicts.JudgeSample>> asked = new ArrayList<>();
            for (int sample = 0; sample < samples; sample++) {
                asked.add(sample(prompt, material, sample));
            }
            return Futures.all(asked).thenApply(Verdicts::of);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(Verdicts.failed(String.valueOf(e.getMessage())));
        }
    }

    /** The prompts of all roles. */
    public JudgePrompts prompts() {
        return prompts;
    }

    private CompletableFuture<Verdicts.JudgeSample> sample(
            JudgePrompt prompt, Map<String, String> material, int sample) {
        CompletableFuture<Verdicts.JudgeSample> straight = outcome(single(prompt, prompt.question(material), sample));
        if (!prompt.isPair() || !settings.answers().swapOrder()) {
            return straight;
        }
        return straight.thenCombine(
                outcome(single(prompt, prompt.question(prompt.swapped(material)), sample)),
                Verdicts.JudgeSample::withSwapped);
    }

    private static CompletableFuture<Verdicts.JudgeSample> outcome(CompletableFuture<ParsedAnswer> reading) {
        return reading.handle((found, failure) -> failure == null
                ? Verdicts.JudgeSample.of(found)
                : Verdicts.JudgeSample.of(failure instanceof CompletionException ? failure.getCause() : failure));
    }

    /* Equal concurrent questions share one call. */
    private CompletableFuture<ParsedAnswer> single(JudgePrompt prompt, String question, int sample) {
        String key = HexFormat.of().formatHex(examiner.key(prompt, question, sample));
        CompletableFuture<ParsedAnswer> mine = new CompletableFuture<>();
        CompletableFuture<ParsedAnswer> other = underWay.putIfAbsent(key, mine);
        if (other != null) {
            return other;
        }
        try {
            threads.execute(() -> answer(key, prompt, question, sample).accept(mine));
        } catch (RejectedExecutionException e) {
            mine.completeExceptionally(closed());
        }
        return mine;
    }

    /* A later caller finds the answer in the cache, or asks again. */
    private Consumer<CompletableFuture<ParsedAnswer>> answer(
            String key, JudgePrompt prompt, String question, int sample) {
        try {
            ParsedAnswer reading = examiner.read(prompt, question, sample);
            return waiting -> waiting.complete(reading);
        } catch (InterruptedException e) {
            return waiting -> waiting.completeExceptionally(closed());
        } catch (RuntimeException e) {
            return waiting -> waiting.completeExceptionally(e);
        } finally {
            underWay.remove(key);
        }
    }

    private static JudgeFailure closed() {
        return new JudgeFailure(Kind.LASTING, "the judge is closed");
    }

    /** Cancels calls in flight. */
    @Override
    public void close() {
        underWay.values().forEach(each -> each.completeExceptionally(closed()));
        threads.shutdownNow();
        try {
            threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        underWay.values().forEach(each -> each.completeExceptionally(closed()));
        judge.close();
        store.close();
    }
}
