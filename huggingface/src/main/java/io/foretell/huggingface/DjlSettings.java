package io.foretell.huggingface;

/** The system properties that DJL reads before it loads a native library. Thread-safe. */
public final class DjlSettings {
    private DjlSettings() {}

    /** Puts DJL offline, without usage reports and without its graph optimizer. */
    public static void apply() {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    }
}
