package io.foretell.policy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Slice;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A snapshot of live weights, teacher and optimizer in memory of its own: 16 bytes per weight. The memory is
 * allocated with the first snapshot and kept until closed, because the first fill takes three times as long as later
 * ones. The policy's thread fills it again with {@link Policy#copyTo}. Any thread may write it to disk, but only one
 * at a time and not during a fill.
 */
public final class PolicyCopy implements AutoCloseable {
    private record Key(int slot, int index, int from) {}

    private record Part(WeightLayout.Place place, NDArray values) {}

    private final NDManager memory = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private final Map<Key, Part> parts = new LinkedHashMap<>();
    private final PolicyFiles files;

    PolicyCopy(ModelConfig config, WeightLayout layout, List<OptimizerState> states, PolicyFiles files) {
        this.files = files;
        addLikeWeights(Policy.LIVE, config.parameters(), layout);
        addLikeWeights(Policy.EMA, config.parameters(), layout);
        for (OptimizerState state : states) {
            if (state.likeWeight()) {
                addLikeWeights(state.slot(), config.parameters(), layout);
            } else {
                for (int i = 0; i < layout.tensors().size(); i++) {
                    add(new Key(state.slot(), i, 0), new WeightLayout.Place(i, 0, 0), List.of());
                }
            }
        }
    }

    private void addLikeWeights(int slot, List<ModelConfig.Parameter> parameters, WeightLayout layout) {
        for (int i = 0; i < parameters.size(); i++) {
            WeightLayout.Place place = layout.place(parameters.get(i));
            for (Slice slice : Slice.of(parameters.get(i).shape())) {
                add(new Key(slot, i, slice.from()), place.part(slice), slice.shape());
            }
        }
    }

    private void add(Key key, WeightLayout.Place place, List<Integer> shape) {
        long[] sides = shape.stream().mapToLong(Integer::longValue).toArray();
        parts.put(key, new Part(place, memory.create(new Shape(sides))));
    }

    void fill(PolicyProgram program) {
        long[] places = parts.entrySet().stream()
                .flatMapToLong(part -> {
                    WeightLayout.Place place = part.getValue().place();
                    return LongStream.of(part.getKey().slot(), place.index(), place.from(), place.to());
                })
                .toArray(); // (n, 4)
        program.run(
                "copy_into",
                inputs -> inputs.integers(places, parts.size(), 4)
                        .arrays(parts.values().stream().map(Part::values).toList()));
    }

    /** Writes what {@link Policy#save} writes. */
    public void save(Path folder, Path origin) {
        files.writeModel(folder, origin, this::values);
    }

    /** Writes what {@link Policy#saveOptimizer} writes. */
    public void saveOptimizer(Path file) {
        files.writeOptimizer(file, this::values);
    }

    private FloatBuffer values(int slot, int index, Slice slice) {
        return parts.get(new Key(slot, index, slice.from()))
                .values()
                .toByteBuffer(true)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** Frees the memory; no thread may be writing it to disk. */
    @Override
    public void close() {
        memory.close();
    }
}
