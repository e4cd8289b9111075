package io.foretell.domain;

/** Which copy of the policy's weights answers. */
public enum PolicyRole {
    /** The weights being trained, at the version the answering service has loaded. */
    LIVE,
    /** Their exponential moving average: the teacher, or no-thought baseline. */
    TEACHER
}
