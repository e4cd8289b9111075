/**
 * The dashboard: static files and the route that serves them. The page reads the learner's and the services' APIs.
 */
@NullMarked
package io.foretell.dashboard;

import org.jspecify.annotations.NullMarked;
