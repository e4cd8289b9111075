package io.foretell.domain;

/** Why a rollout ended. */
public enum FinishReason {
    /** The stop token was sampled. */
    STOP,
    /** The response reached its maximum length. */
    LENGTH,
    /** The request was cancelled before it finished. */
    ABORT
}
