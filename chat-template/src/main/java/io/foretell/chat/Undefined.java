package io.foretell.chat;

/**
 * What a missing variable, attribute or item is: false, empty, written as nothing, and an error when used otherwise.
 *
 * @param what is missing, in words
 */
record Undefined(String what) {
    ChatTemplateException failure() {
        return new ChatTemplateException("the chat template needs " + what + ", which is not there");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
        return 0;
    }
}
