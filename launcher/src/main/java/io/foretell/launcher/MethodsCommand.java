package io.foretell.launcher;

import io.foretell.objectives.ObjectiveDescription;
import io.foretell.objectives.Objectives;
import io.foretell.server.Console;
import io.foretell.server.Plugins;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code foretell methods}: lists the methods a phase can use, including plugins. */
@Command(
        name = "methods",
        description = "List the methods that a phase can name, those of plugins included; with NAME, its options.",
        footer = {"", "Example: ./foretell methods rlp"},
        mixinStandardHelpOptions = true)
final class MethodsCommand implements Callable<Integer> {
    @Parameters(arity = "0..1", paramLabel = "NAME", description = "One method.")
    private @Nullable String name;

    @Override
    public Integer call() {
        Plugins plugins = Plugins.load(System.getenv());
        Objectives methods = plugins.objectives();
        if (name == null) {
            for (String each : methods.names()) {
                String title = methods.description(each).title();
                Console.say(String.format(Locale.ROOT, "%-18s %s", each, title));
            }
            Console.say("plugins: " + plugins);
            return 0;
        }
        ObjectiveDescription method = methods.description(name);
        Console.say(method.name() + ": " + method.title());
        Console.say(method.text());
        Console.say("options: " + (method.options().isEmpty() ? "none" : String.join(", ", method.options())));
        return 0;
    }
}
