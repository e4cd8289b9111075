package io.foretell.domain;

/** Where a response of a group comes from. */
public enum Origin {
    /** A rollout: the policy sampled it. */
    SAMPLED,
    /** The document's own text. */
    DOCUMENT,
    /** A judge's rewrite of the document. */
    REWRITE
}
