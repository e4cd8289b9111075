package io.foretell.rollout;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.FinishReason;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.policy.Completion;
import io.foretell.policy.StopText;
import java.util.Locale;

/**
 * One continuation as the client sees it: the text ends before the stop token or stop string; the token ids include
 * everything sampled. Immutable.
 */
record Choice(Completion sample, String text, ObjectNode node) {
    static Choice of(ObjectNode node, int index, Completion sample, CompletionRequest generation, Tokenizer tokenizer) {
        TokenArray tokens = sample.tokens();
        boolean stopped = sample.finishReason() == FinishReason.STOP;
        int last = tokens.isEmpty() ? -1 : tokens.at(tokens.length() - 1);
        boolean byToken = stopped && generation.sampling().stopTokens().contains(last);
        StopText text = new StopText(
                tokenizer, generation.stops(), generation.sampling().minTokens());
        text.isReached(
                tokens.slice(0, byToken ? tokens.length() - 1 : tokens.length()).toArray());
        node.put("index", index);
        node.put("finish_reason", sample.finishReason().name().toLowerCase(Locale.ROOT));
        if (byToken && generation.namedStops().contains(last)) {
            node.put("stop_reason", last);
        } else {
            node.put("stop_reason", text.reached());
        }
        return new Choice(sample, text.text(), node);
    }

    void tokenIds() {
        ids(node.putArray("token_ids"), sample.tokens());
    }

    static void ids(ArrayNode list, TokenArray tokens) {
        for (int token : tokens.toArray()) {
            list.add(token);
        }
    }
}
