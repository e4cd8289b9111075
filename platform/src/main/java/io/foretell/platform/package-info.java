/**
 * What every service stands on, and nothing of the domain: configuration, life cycle, HTTP, storage, metrics.
 *
 * <p>What enters: settings as immutable records and the routes of a role. What leaves: a running server, an open store,
 * numbers for Prometheus. HTTP runs on Vert.x event loops, which never block; whatever owns a native resource runs on
 * its {@link io.foretell.platform.OwnerThread}. Each type says in its own words how many threads may use it.
 */
@NullMarked
package io.foretell.platform;

import org.jspecify.annotations.NullMarked;
