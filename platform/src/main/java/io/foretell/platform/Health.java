package io.foretell.platform;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/**
 * Readiness of this process: named checks, each of which returns its problem or nothing.
 *
 * <p>Thread-safe. Checks run on the caller's thread: they must return immediately and take no locks of a model or
 * store.
 */
public final class Health {
    private final Map<String, Supplier<Optional<String>>> checks = new ConcurrentSkipListMap<>();
    private volatile boolean stopping;

    /** Adds or replaces a check; an empty result means healthy. */
    public void check(String name, Supplier<Optional<String>> problem) {
        checks.put(name, problem);
    }

    /** The names of all checks, in alphabetical order. */
    public Iterable<String> names() {
        return checks.keySet();
    }

    /** The current problems, by check; empty when ready. A check that throws counts as a problem. */
    public Map<String, String> problems() {
        Map<String, String> problems = new LinkedHashMap<>();
        if (stopping) {
            problems.put("stopping", "this process is stopping");
        }
        checks.forEach((name, check) -> ask(check).ifPresent(problem -> problems.put(name, problem)));
        return problems;
    }

    /** Marks this process as not ready, so it receives no new work. */
    public void stopping() {
        stopping = true;
    }

    private static Optional<String> ask(Supplier<Optional<String>> check) {
        try {
            return check.get();
        } catch (RuntimeException e) {
            return Optional.of("the check itself failed: " + e.getMessage());
        }
    }
}
