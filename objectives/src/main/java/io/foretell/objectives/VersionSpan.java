package io.foretell.objectives;

/** Response tokens {@code start} (inclusive) to {@code end} (exclusive) were sampled by policy {@code version}. */
public record VersionSpan(long version, int start, int end) {}
