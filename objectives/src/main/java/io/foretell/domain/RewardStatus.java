package io.foretell.domain;

/** Whether a reward is available. A missing reward is never a silent zero. */
public enum RewardStatus {
    OK,
    FAILED,
    TIMEOUT,
    SKIPPED
}
