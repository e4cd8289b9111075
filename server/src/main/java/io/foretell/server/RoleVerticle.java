package io.foretell.server;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

/** A role as a Vert.x component; its blocking start and stop run on worker threads. */
final class RoleVerticle extends VerticleBase {
    private final Role role;

    RoleVerticle(Role role) {
        this.role = role;
    }

    @Override
    public Future<?> start() {
        return vertx.executeBlocking(() -> {
            role.start();
            return role.name();
        });
    }

    @Override
    public Future<?> stop() {
        return vertx.executeBlocking(() -> {
            role.stop();
            return role.name();
        });
    }
}
