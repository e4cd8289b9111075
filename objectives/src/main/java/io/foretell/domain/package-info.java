/**
 * The records that travel from topic to topic. Pure Java: no I/O, no Kafka, HTTP or engine. Records are immutable.
 */
@NullMarked
package io.foretell.domain;

import org.jspecify.annotations.NullMarked;
