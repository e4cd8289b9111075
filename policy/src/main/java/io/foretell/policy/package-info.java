/**
 * The language model: one program in PyTorch (program/__init__.py), driven through DJL, hidden behind {@link
 * io.foretell.policy.Policy}. Input: a Hugging Face folder, token ids, experiences. Output: samples,
 * log-probabilities, updated weights. A {@code Policy} is confined to the thread that opened it; no DJL type appears
 * in a public signature.
 */
@NullMarked
package io.foretell.policy;

import org.jspecify.annotations.NullMarked;
