package io.foretell.domain;

/** Whether a reward could be had. A reward that could not is never a silent zero. */
public enum RewardStatus {
    OK,
    FAILED,
    TIMEOUT,
    SKIPPED
}
