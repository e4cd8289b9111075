package io.foretell.domain;

/** Where a response of a group comes from. */
public enum Origin {
    /** The policy sampled it: a rollout in the proper sense. */
    SAMPLED,
    /** It is what the document really says. */
    DOCUMENT,
    /** It is what a judge made of the document. */
    REWRITE
}
