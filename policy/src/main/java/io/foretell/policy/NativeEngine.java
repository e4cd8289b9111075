package io.foretell.policy;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import io.foretell.huggingface.DjlSettings;
import io.foretell.huggingface.PolicyException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts libtorch once per JVM. Thread-safe. */
final class NativeEngine {
    private static final Logger log = LoggerFactory.getLogger(NativeEngine.class);

    /**
     * Calls in progress hold the read lock; the write lock is taken once, before the process ends, and never
     * released.
     */
    static final ReentrantReadWriteLock CALLS = new ReentrantReadWriteLock();

    private static boolean started;

    private NativeEngine() {}

    /** @param threads threads per operator, shared by every policy of the JVM; 0 keeps libtorch's default */
    static synchronized void start(int threads) {
        if (started) {
            return;
        }
        DjlSettings.apply();
        if (threads > 0) {
            System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        }
        try {
            String version = Engine.getEngine("PyTorch").getVersion();
            if (!version.startsWith("2.7")) {
                throw new PolicyException("libtorch " + version + " was found but this build needs 2.7: unset "
                        + "PYTORCH_LIBRARY_PATH or point it to a PyTorch 2.7 installation");
            }
        } catch (EngineException e) {
            throw new PolicyException("the native PyTorch library does not start: " + e.getMessage(), e);
        }
        started = true;
    }

    static int threads() {
        return JniUtils.getNumThreads();
    }

    static String version() {
        return Engine.getEngine("PyTorch").getVersion();
    }

    /**
     * Waits for calls in progress and blocks new ones. A process that exits during a native computation crashes,
     * because exiting destroys what the computation uses.
     *
     * @return false if a call is still running at the deadline: the process may then only be halted
     */
    static boolean quiesce(Duration deadline) {
        try {
            if (CALLS.writeLock().tryLock(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                return true;
            }
            log.warn("the process ends during a call of the model, because it took longer than {}", deadline);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
