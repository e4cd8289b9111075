package io.foretell.platform;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/**
 * Whether this process is ready for work: named checks, each of which answers with its problem or with nothing.
 *
 * <p>Thread-safe. Checks run on the thread that asks, so they must return at once and take no locks of a model or store.
 */
public final class Health {
    private final Map<String, Supplier<Optional<String>>> checks = new ConcurrentSkipListMap<>();
    private volatile boolean stopping;

    /** Adds or replaces a check; an empty answer means that all is well. */
    public void check(String name, Supplier<Optional<String>> problem) {
        checks.put(name, problem);
    }

    /** The names of all checks, in alphabetical order. */
    public Iterable<String> names() {
        return checks.keySet();
    }

    /** The problems there are now, by check; empty when ready. A check that throws counts as a problem. */
    public Map<String, String> problems() {
        Map<String, String> problems = new LinkedHashMap<>();
        if (stopping) {
            problems.put("stopping", "this process is stopping");
        }
        checks.forEach((name, check) -> ask(check).ifPresent(problem -> problems.put(name, problem)));
        return problems;
    }

    /** From now on this process is not ready, so that no new work is sent to it. */
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
