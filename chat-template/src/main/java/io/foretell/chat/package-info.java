/**
 * Chat templates: an interpreter of the part of Jinja that they are written in, with Jinja2's semantics as transformers
 * sets it up (blocks trimmed, sandboxed). What enters: a model folder, messages. What leaves: the text of a prompt, or
 * one sentence that names what the template asks for and is not here. Nothing a template says reaches files, classes or
 * the network; output, work and nesting are bounded.
 */
@NullMarked
package io.foretell.chat;

import org.jspecify.annotations.NullMarked;
