package io.foretell.judge;

import io.foretell.judge.JudgeFailure.Kind;
import io.foretell.platform.Metrics;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds limits to a judge: requests and tokens per minute, and a token budget. Retries transient failures with growing
 * pauses, and a circuit breaker pauses calls to a failing judge. Thread-safe; calls block.
 */
final class ResilientJudge implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ResilientJudge.class);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration LONGEST_QUEUE = Duration.ofHours(1);
    private static final int PROBES = 3;
    /** The metric tag that distinguishes the judges of a process. */
    static final String NAME = "judge";

    private final JudgeModel model;
    private final String name;
    private final TokenBudget spending;
    private final Metrics metrics;
    private final Retry retry;
    private final CircuitBreaker circuit;
    private final @Nullable RateLimiter requests;
    private final @Nullable RateLimiter tokens;

    /**
     * @param model owned by this judge, closed with it
     * @param name name in metrics
     */
    ResilientJudge(JudgeSettings settings, JudgeModel model, TokenBudget spending, String name, Metrics metrics) {
        this.model = model;
        this.spending = spending;
        this.metrics = metrics;
        this.retry = Retry.of("judge", retries(settings.retry()));
        this.circuit = CircuitBreaker.of("judge", circuit(settings.retry().circuit()));
        this.requests = perMinute("judge requests", settings.limits().maxRpm());
        this.tokens = perMinute("judge tokens", settings.limits().maxTpm());
        this.name = name;
        metrics.gauge("reward_judge_circuit_open", 0, NAME, name);
        retry.getEventPublisher().onRetry(event -> metrics.count("reward_judge_retries"));
        circuit.getEventPublisher().onStateTransition(event -> {
            CircuitBreaker.State now = event.getStateTransition().getToState();
            metrics.gauge("reward_judge_circuit_open", now == CircuitBreaker.State.CLOSED ? 0 : 1, NAME, name);
            log.warn("the judge's circuit breaker is {} now", now);
        });
    }

    String name() {
        return model.name();
    }

    /** @throws JudgeFailure if all attempts failed, or if a retry would not help */
    JudgeAnswer ask(JudgeRequest request) throws InterruptedException {
        int[] attempts = {0};
        try {
            return retry.executeCallable(() -> {
                attempts[0]++;
                return attempt(request);
            });
        } catch (JudgeFailure e) {
            throw attempts[0] == 1
                    ? e
                    : new JudgeFailure(e.kind(), e.sentence() + " (attempt " + attempts[0] + ", the last)");
        } catch (CallNotPermittedException e) {
            throw new JudgeFailure(Kind.PASSING, "the judge failed too often and is left alone (reward.judge.circuit)");
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new JudgeFailure(Kind.LASTING, "the judge cannot be asked: " + e);
        }
    }

    private JudgeAnswer attempt(JudgeRequest request) throws Exception {
        long estimate = request.estimatedTokens();
        spending.reserve(estimate);
        long cost = 0;
        try {
            if (requests != null) {
                RateLimiter.waitForPermission(requests);
            }
            if (tokens != null) {
                RateLimiter.waitForPermission(tokens, permits(request.estimatedPromptTokens()));
            }
            JudgeAnswer answer = circuit.executeCallable(() -> model.ask(request));
            cost = answer.isCounted() ? answer.promptTokens() + answer.completionTokens() : estimate;
            return answer;
        } catch (JudgeFailure e) {
            cost = e.kind() == Kind.TIMEOUT ? request.estimatedPromptTokens() : 0;
            throw e;
        } finally {
            spending.settle(estimate, cost);
            metrics.registry().counter("reward_judge_tokens").increment(cost);
            metrics.gauge("reward_judge_spent_tokens", spending.spent(), NAME, name);
            charge(cost - request.estimatedPromptTokens());
        }
    }

    /** Charges tokens beyond the reserved ones; later calls wait for them. */
    private void charge(long more) {
        if (tokens != null && more > 0) {
            tokens.reservePermission(permits(more));
        }
    }

    private static int permits(long tokens) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, tokens));
    }

    private static RetryConfig retries(JudgeSettings.Retry settings) {
        IntervalFunction growing =
                IntervalFunction.ofExponentialRandomBackoff(settings.backoffBase(), 2, 0.5, settings.maxBackoff());
        return RetryConfig.<JudgeAnswer>custom()
                .maxAttempts(settings.maxAttempts())
                .retryOnException(e -> e instanceof CallNotPermittedException
                        || e instanceof JudgeFailure failure && failure.isWorthRetrying())
                .intervalBiFunction((attempt, result) -> {
                    Throwable failure = result.getLeft();
                    if (failure instanceof CallNotPermittedException) {
                        return settings.circuit().pause().toMillis();
                    }
                    Duration wanted = failure instanceof JudgeFailure known ? known.retryAfter() : null;
                    return wanted == null
                            ? growing.apply(attempt)
                            : (Long) Math.min(
                                    wanted.toMillis(), settings.maxBackoff().toMillis());
                })
                .build();
    }

    private static CircuitBreakerConfig circuit(JudgeSettings.Circuit settings) {
        return CircuitBreakerConfig.custom()
                .slidingWindowSize(settings.calls())
                .minimumNumberOfCalls(settings.calls())
                .failureRateThreshold((float) (100 * settings.failureRate()))
                .waitDurationInOpenState(settings.pause())
                .permittedNumberOfCallsInHalfOpenState(Math.min(PROBES, settings.calls()))
                .recordException(e -> e instanceof JudgeFailure failure
                        && (failure.kind() == Kind.PASSING || failure.kind() == Kind.TIMEOUT))
                .ignoreException(e -> !(e instanceof JudgeFailure failure)
                        || failure.kind() == Kind.BUSY
                        || failure.kind() == Kind.LASTING)
                .build();
    }

    private static @Nullable RateLimiter perMinute(String name, @Nullable Integer limit) {
        return limit == null
                ? null
                : RateLimiter.of(
                        name,
                        RateLimiterConfig.custom()
                                .limitForPeriod(limit)
                                .limitRefreshPeriod(MINUTE)
                                .timeoutDuration(LONGEST_QUEUE)
                                .build());
    }

    @Override
    public void close() {
        model.close();
    }
}
