package io.foretell.domain;

/** Response tokens {@code start} (inclusive) to {@code end} (exclusive) were sampled by policy {@code version}. */
public record VersionRange(long version, int start, int end) {}
