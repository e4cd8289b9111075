package io.foretell.lab.bench;

import io.foretell.huggingface.PolicyException;
import io.foretell.platform.ForetellException;
import io.foretell.server.Console;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Named measurements, run one after another into a report. A failed one does not stop the later ones. */
final class BenchCases {
    /**
     * A measurement.
     *
     * @param name the name for {@code --case}, optionally followed by a space and a variant
     */
    record Case(String name, Callable<BenchReport.Figures> measure) {
        String kind() {
            return name.split(" ")[0];
        }
    }

    private BenchCases() {}

    /** The cases of {@code all} whose kind is in {@code only}; all if that is null. */
    static List<Case> wanted(List<Case> all, @Nullable Set<String> only) {
        if (only == null) {
            return all;
        }
        List<String> kinds = all.stream().map(Case::kind).distinct().toList();
        only.stream().filter(kind -> !kinds.contains(kind)).findFirst().ifPresent(kind -> {
            throw new IllegalArgumentException("there is no case '" + kind + "'; known are " + kinds);
        });
        return all.stream().filter(each -> only.contains(each.kind())).toList();
    }

    /** Measures {@code cases} into {@code report}. */
    static void run(List<Case> cases, BenchReport report) {
        for (Case each : cases) {
            progress(each.name());
            try {
                report.add(each.name(), each.measure().call());
            } catch (ForetellException | PolicyException | IllegalStateException e) {
                Console.warn(each.name() + " failed: " + e.getMessage());
                report.addFailure(each.name(), String.valueOf(e.getMessage()));
            } catch (Exception e) {
                throw new IllegalStateException(each.name() + " failed: " + e, e);
            }
        }
    }

    /** Prints progress to standard error; standard output carries only the report. */
    static void progress(String what) {
        System.err.println("measuring " + what);
    }
}
