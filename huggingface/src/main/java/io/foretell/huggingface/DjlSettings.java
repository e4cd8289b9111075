package io.foretell.huggingface;

/** What DJL reads from system properties before it loads a native library. Thread-safe. */
public final class DjlSettings {
    private DjlSettings() {}

    /** Keeps DJL offline, without usage reports, and its graph optimizer off. */
    public static void apply() {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
    }
}
