package io.foretell.streams;

/** Who wants to know how the feeder fares. Called on the feeder's thread; must not block. */
public interface FeederListener {
    /** The feeder got on. */
    default void progress() {}

    /** The feeder can do nothing until there is {@code what}. */
    default void waitingFor(String what) {}

    /** The feeder stopped for good. */
    default void failed(String sentence) {}

    /** Whether sources are still delivering, so that the end of the topic is not the end of the documents. */
    default boolean areDocumentsComing() {
        return false;
    }

    /** Wants to know nothing. */
    FeederListener NONE = new FeederListener() {};
}
