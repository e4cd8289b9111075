package io.foretell.server;

import io.foretell.platform.Routes;
import java.util.List;

/** One part of the server that can run in its own process. Started and stopped once, by one thread. */
public interface Role {
    String name();

    /** Returns when the role is running. */
    void start();

    /** Its HTTP routes, once started. */
    List<Routes> routes();

    /** Finishes the work in progress and returns. */
    void stop();
}
