package io.foretell.judge;

/**
 * A judge's answer and its cost.
 *
 * @param promptTokens tokens read; -1 if the judge does not report them
 * @param completionTokens tokens written; -1 if the judge does not report them
 */
public record JudgeAnswer(String text, long promptTokens, long completionTokens) {
    boolean isCounted() {
        return promptTokens >= 0 && completionTokens >= 0;
    }
}
