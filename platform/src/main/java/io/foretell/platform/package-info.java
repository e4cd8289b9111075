/**
 * The foundation of every service, without the domain: configuration, life cycle, HTTP, storage, metrics.
 *
 * <p>Input: settings as immutable records and the routes of a role. Output: a running server, an open store, metrics
 * for Prometheus. HTTP runs on Vert.x event loops, which never block; whatever owns a native resource runs on its
 * {@link io.foretell.platform.OwnerThread}. Each type documents its thread safety.
 */
@NullMarked
package io.foretell.platform;

import org.jspecify.annotations.NullMarked;
