package io.foretell.reward;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;

/**
 * One configured part of a combined reward: {@code kind}, {@code weight}, and the keys of the kind. Each part's score
 * is 0 to 1. Immutable.
 *
 * @param weight weight of this part in the total, 1 by default; may be negative
 * @param kind how the part is computed
 */
@JsonDeserialize(using = RewardPart.Reader.class)
public record RewardPart(double weight, RewardKind kind) {
    public RewardPart {
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("reward.rewards: a weight must be finite, not " + weight);
        }
    }

    /** Reads the weight, and all other keys according to {@code kind}. */
    static final class Reader extends StdDeserializer<RewardPart> {
        private static final long serialVersionUID = 1L;
        private static final Map<String, Class<? extends RewardKind>> KINDS = RewardKind.byName();

        Reader() {
            super(RewardPart.class);
        }

        @Override
        public RewardPart deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            JsonNode tree = context.readTree(parser);
            if (!(tree instanceof ObjectNode part)) {
                return (RewardPart) context.handleUnexpectedToken(RewardPart.class, parser);
            }
            JsonNode weight = part.remove("weight");
            JsonNode name = part.remove("kind");
            Class<? extends RewardKind> kind = name == null ? null : KINDS.get(name.asText());
            if (kind == null) {
                throw refused(
                        parser,
                        name == null
                                ? "reward.rewards: each part needs a 'kind', one of " + KINDS.keySet()
                                : "reward.rewards: there is no kind '" + name.asText() + "'; known are "
                                        + KINDS.keySet());
            }
            if (weight != null && !weight.isNull() && !weight.isNumber()) {
                throw refused(parser, "reward.rewards: a weight must be a number, not " + weight);
            }
            double value = weight == null || weight.isNull() ? 1 : weight.doubleValue();
            try {
                return new RewardPart(value, context.readTreeAsValue(part, kind));
            } catch (IllegalArgumentException e) {
                throw refused(parser, String.valueOf(e.getMessage()));
            }
        }

        private static JsonMappingException refused(JsonParser parser, String sentence) {
            return JsonMappingException.from(parser, sentence, new IllegalArgumentException(sentence));
        }
    }
}
