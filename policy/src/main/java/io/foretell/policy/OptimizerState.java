package io.foretell.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that the optimizer keeps for each weight. The program lists them ({@code optimizer_states} in training.py), and
 * nothing else knows their names: another optimizer changes the program alone.
 *
 * @param name in checkpoints, before that of the weight: {@code first_moment.model.norm.weight}
 * @param slot of the program's lists of tensors
 * @param likeWeight whether it has the shape of the weight, or is one number
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
