package io.foretell.policy;

/** Clip bounds of the surrogate: the ratio is kept within 1 - {@code clipRatioLow} and 1 + {@code clipRatioHigh}. */
public record LossSettings(double clipRatioLow, double clipRatioHigh) {}
