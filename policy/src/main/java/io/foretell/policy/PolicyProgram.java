package io.foretell.policy;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;

/**
 * The loaded model program: calls its methods by name with plain Java arrays. Only this class uses DJL's arrays.
 * Confined to the thread that loaded it.
 */
final class PolicyProgram implements AutoCloseable {
    /** A strong reference: DJL's finalizer would close the native module. */
    private final Model model;

    private final ParameterStore parameters;
    private final Thread owner = Thread.currentThread();

    private PolicyProgram(Model model) {
        this.model = model;
        this.parameters = new ParameterStore(model.getNDManager(), false);
    }

    /**
     * The archive that {@code torch.jit.load} reads.
     *
     * @param onProcessor whether it may use CPU-only matrix products
     */
    static byte[] archive(ModelConfig config, PolicyOptions options, boolean onProcessor) {
        ProgramSource source = new ProgramSource();
        Map<String, Object> attributes = source.attributes();
        attributes.putAll(config.attributes());
        attributes.put("dtype", options.precision().code());
        attributes.put("fp8", options.precision() == Precision.FP8_EMULATED);
        attributes.put("native", onProcessor);
        attributes.put("trains", options.use() == PolicyOptions.Use.TRAINING);
        return TorchScriptArchive.pack(source.torchScript(), "Policy", attributes);
    }

    static PolicyProgram load(ModelConfig config, PolicyOptions options) {
        return load(config, options, true);
    }

    /** @param mayPack whether it may use CPU-only matrix products when it runs on a CPU */
    static PolicyProgram load(ModelConfig config, PolicyOptions options, boolean mayPack) {
        Device device =
                options.onProcessor() ? Device.cpu() : null; // null: the engine takes an accelerator if it has one
        Model model = Model.newInstance("policy", device, "PyTorch");
        boolean onProcessor = !model.getNDManager().getDevice().isGpu();
        try {
            JniUtils.setGraphExecutorOptimize(false);
            model.load(new ByteArrayInputStream(
                    archive(config, options, onProcessor && mayPack && Processor.packs(options.precision()))));
            Files.deleteIfExists(model.getModelPath()); // an empty folder that DJL creates and does not need
            PolicyProgram program = new PolicyProgram(model);
            program.run(
                    "configure",
                    inputs -> inputs.floats(config.inverseFrequencies(), config.headDim() / 2)
                            .integers(
                                    Arrays.stream(config.windows())
                                            .asLongStream()
                                            .toArray(),
                                    config.layers())
                            .integers(flags(config.rotary()), config.layers()));
            return program;
        } catch (IOException | MalformedModelException | RuntimeException e) {
            model.close();
            throw new PolicyException("the model program does not load: " + e.getMessage(), e);
        }
    }

    private static long[] flags(boolean[] values) {
        long[] flags = new long[values.length];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = values[i] ? 1 : 0;
        }
        return flags;
    }

    /** Inputs of one call; released when the call returns. */
    static final class Inputs {
        private final NDManager manager;
        private final NDList list = new NDList();

        private Inputs(NDManager manager) {
            this.manager = manager;
        }

        Inputs integer(long value) {
            list.add(manager.create(value));
            return this;
        }

        Inputs integers(long[] values, long... shape) {
            list.add(manager.create(values, new Shape(shape)));
            return this;
        }

        Inputs floats(float[] values, long... shape) {
            list.add(manager.create(values, new Shape(shape)));
            return this;
        }

        Inputs doubles(double[] values, long... shape) {
            list.add(manager.create(values, new Shape(shape)));
            return this;
        }

        /** Adds a list of arrays that the caller keeps, as one argument. */
        Inputs arrays(Iterable<NDArray> values) {
            values.forEach(array -> {
                array.setName("arrays[]"); // the engine collects arrays of this name into a list
                list.add(array);
            });
            return this;
        }

        Inputs floats(FloatBuffer values, long... shape) {
            list.add(manager.create(values, new Shape(shape)));
            return this;
        }
    }

    /** Runs {@code method} and reads its result before anything is released. */
    <T> T call(String method, Function<Inputs, Inputs> arguments, Function<NDArray, T> read) {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("a policy belongs to thread '" + owner.getName() + "' but was used by '"
                    + Thread.currentThread().getName() + "'");
        }
        NativeEngine.CALLS.readLock().lock();
        ModelTime.enter();
        try (NDManager manager = model.getNDManager().newSubManager()) {
            Inputs inputs = arguments.apply(new Inputs(manager));
            NDArray selector = manager.create(0);
            selector.setName("module_method:" + method);
            inputs.list.add(selector);
            try (NDArray result =
                    model.getBlock().forward(parameters, inputs.list, true).head()) {
                return read.apply(result);
            }
        } catch (EngineException e) {
            // The last line is the error itself; earlier lines are the stack trace in the program.
            String error = e.getMessage().lines().reduce("", (before, line) -> line.isBlank() ? before : line);
            throw new PolicyException("the model program failed in " + method + ": " + error, e);
        } finally {
            ModelTime.leave();
            NativeEngine.CALLS.readLock().unlock();
        }
    }

    void run(String method, Function<Inputs, Inputs> arguments) {
        call(method, arguments, result -> result.isReleased());
    }

    void run(String method) {
        run(method, inputs -> inputs.integer(0));
    }

    String device() {
        Device device = model.getNDManager().getDevice();
        return device.isGpu() ? "gpu " + device.getDeviceId() : "cpu";
    }

    @Override
    public void close() {
        model.close();
    }
}
