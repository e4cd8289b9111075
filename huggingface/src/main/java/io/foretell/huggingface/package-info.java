/**
 * A Hugging Face model folder: {@code config.json}, {@code tokenizer.json}, safetensors files and the chat template.
 * Input: a folder. Output: a model configuration, token ids, tensors, and the text of a conversation. Nothing here
 * loads a model into the engine. Types are immutable or thread-safe unless they say otherwise.
 */
@NullMarked
package io.foretell.huggingface;

import org.jspecify.annotations.NullMarked;
