package io.foretell.platform;

import io.vertx.ext.web.Router;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP routes of one role.
 *
 * <p>{@link #mount} is called once per server instance, so the handlers it installs are called from several event loops
 * and must be thread-safe.
 */
@FunctionalInterface
public interface Routes {
    /** Adds handlers to the router; they read bodies only through {@link Http#limitedBody} or a stream of their own. */
    void mount(Router router);

    /** The class-path resource of this role's OpenAPI document, such as {@code openapi/rollout.yaml}. */
    default @Nullable String openapiResource() {
        return null;
    }
}
