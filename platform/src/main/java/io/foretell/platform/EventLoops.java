package io.foretell.platform;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;

/** Makes a {@link Vertx}. */
public final class EventLoops {
    private EventLoops() {}

    /**
     * Files are looked for where their path says and not on the class path as well, for which Vert.x would keep a folder of
     * copies in the temporary folder, there to stay when a process is killed.
     *
     * @param loops how many threads serve
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
