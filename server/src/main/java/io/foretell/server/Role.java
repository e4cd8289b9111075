package io.foretell.server;

import io.foretell.platform.Routes;
import java.util.List;

/** One part of the server that can run in a process of its own. Started and stopped once, by one thread. */
public interface Role {
    String name();

    /** Returns when the role works. */
    void start();

    /** What it answers over HTTP, once started. */
    List<Routes> routes();

    /** Finishes what is in hand and returns. */
    void stop();
}
