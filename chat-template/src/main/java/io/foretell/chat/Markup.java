package io.foretell.chat;

/** What the filter {@code safe} makes: may be written, but joins no other text, because Jinja2 would escape that. */
record Markup(String text) {}
