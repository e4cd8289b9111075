package io.foretell.launcher;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options of the commands that use a model without a server. Confined to the main thread. */
final class PolicyArgument {
    @Option(
            names = "--policy",
            paramLabel = "DIR",
            required = true,
            description = "A Hugging Face folder, or a run's folder for its newest policy.")
    private Path given;

    @Option(
            names = "--raw",
            description = "Take the text as it is. Without this it begins with the tokenizer's begin-of-text token,"
                    + " as documents do in training.")
    private boolean raw;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    Path folder() {
        return RunFolder.model(given);
    }

    Policy open() {
        return Policy.open(folder(), PolicyOptions.DEFAULT);
    }

    boolean isJson() {
        return json;
    }

    /** The tokens of a text that will be continued. */
    TokenArray encode(Tokenizer tokenizer, String text) {
        TokenArray tokens = tokenizer.encode(text);
        return raw ? tokens : tokenizer.withBegin(tokens);
    }
}
