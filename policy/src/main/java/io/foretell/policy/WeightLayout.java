package io.foretell.policy;

import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Slice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Maps the tensors of a file to the program's flat lists, which {@code named()} in weights.py names. The program
 * joins the query, key and value matrices of a layer into one; everything else is the same. Immutable.
 */
final class WeightLayout {
    private static final Pattern JOINED = Pattern.compile(".*\\.self_attn\\.[kv]_proj\\.(weight|bias)");

    /** Rows {@code from} to {@code to} of the program's tensor {@code index}. */
    record Place(int index, int from, int to) {
        Place part(Slice slice) {
            return new Place(
                    index,
                    from + slice.from(),
                    from + slice.from() + slice.shape().get(0));
        }
    }

    private final List<List<ModelConfig.Parameter>> tensors = new ArrayList<>();
    private final Map<String, Place> places = new HashMap<>();

    WeightLayout(ModelConfig config) {
        int rows = 0;
        for (ModelConfig.Parameter parameter : config.parameters()) {
            if (JOINED.matcher(parameter.name()).matches()) {
                tensors.get(tensors.size() - 1).add(parameter);
            } else {
                tensors.add(new ArrayList<>(List.of(parameter)));
                rows = 0;
            }
            int size = parameter.shape().get(0);
            places.put(parameter.name(), new Place(tensors.size() - 1, rows, rows + size));
            rows += size;
        }
    }

    /** The program's tensors; each lists the file's tensors joined in it along the first dimension. */
    List<List<ModelConfig.Parameter>> tensors() {
        return tensors;
    }

    Place place(ModelConfig.Parameter parameter) {
        return places.get(parameter.name());
    }
}
