package io.foretell.platform;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;

/** Creates a {@link Vertx}. */
public final class EventLoops {
    private EventLoops() {}

    /**
     * Disables class-path lookup of files, for which Vert.x would create a cache folder in the temporary folder that
     * survives a killed process.
     *
     * @param loops number of event-loop threads
     * @return the caller closes it
     */
    public static Vertx start(int loops) {
        return Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(loops)
                .setFileSystemOptions(new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)));
    }
}
