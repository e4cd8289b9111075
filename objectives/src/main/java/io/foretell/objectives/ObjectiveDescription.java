package io.foretell.objectives;

import java.util.List;

/**
 * User documentation of a method. Immutable.
 *
 * @param name name in configuration files: lower-case letters, digits and hyphens
 * @param title a few words for a heading, without a full stop
 * @param text one or two sentences: what the model learns, and the paper
 * @param options the keys that a phase of this method may have under {@code options}
 */
public record ObjectiveDescription(String name, String title, String text, List<String> options) {
    public ObjectiveDescription {
        options = List.copyOf(options);
        if (!name.matches("[a-z0-9][a-z0-9-]*")) {
            throw new IllegalArgumentException("the name of a method is '" + name
                    + "' but must be lower-case letters, digits and hyphens, such as rlp or phf-awr");
        }
    }
}
