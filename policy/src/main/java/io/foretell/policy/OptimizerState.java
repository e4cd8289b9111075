package io.foretell.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that the optimizer keeps for each weight. Only the program lists them ({@code optimizer_states} in
 * training.py), so another optimizer changes only the program.
 *
 * @param name prefix in checkpoints, before the name of the weight: {@code first_moment.model.norm.weight}
 * @param slot index in the program's lists of tensors
 * @param likeWeight true if it has the shape of the weight, false if it is one number
 */
record OptimizerState(String name, int slot, boolean likeWeight) {
    private static final int FIRST_SLOT = 3;

    static List<OptimizerState> of(PolicyProgram program) {
        long[] characters =
                program.call("describe_optimizer", inputs -> inputs.integer(0), array -> array.toLongArray());
        StringBuilder text = new StringBuilder();
        for (long character : characters) {
            text.append((char) character);
        }
        List<OptimizerState> states = new ArrayList<>();
        for (String line : text.toString().split("\n")) {
            String[] words = line.split(" ");
            states.add(new OptimizerState(words[0], FIRST_SLOT + states.size(), words[1].equals("1")));
        }
        return List.copyOf(states);
    }
}
