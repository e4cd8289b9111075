package io.foretell.judge;

/**
 * What a judge said, and what it cost.
 *
 * @param promptTokens tokens read; -1 where the judge does not count
 * @param completionTokens tokens written; -1 likewise
 */
public record JudgeAnswer(String text, long promptTokens, long completionTokens) {
    boolean isCounted() {
        return promptTokens >= 0 && completionTokens >= 0;
    }
}
