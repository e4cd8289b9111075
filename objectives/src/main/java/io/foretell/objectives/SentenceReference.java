package io.foretell.objectives;

import io.foretell.objectives.Sentences.SentenceRange;
import java.text.Normalizer;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The reference for a predicted sentence, and the cases that need no judge. Texts are compared in NFC, with any white
 * space as one space. Immutable.
 */
final class SentenceReference {
    /** Why a prediction needs no judge. */
    enum Known {
        MISSING_MARKERS(0),
        EMPTY_PREDICTION(0),
        COPIED_PREDICTION(0),
        OVERLONG_PREDICTION(0),
        EXACT_PREFIX(1);

        final double reward;

        Known(double reward) {
            this.reward = reward;
        }
    }

    private final Sentences sentences;
    private final String context;
    private final int longest;
    private final Set<String> beginnings = new HashSet<>();

    /**
     * @param context the text the model saw
     * @param reference the text that really follows
     * @param longest maximum length of a prediction, as a multiple of the reference's characters
     */
    SentenceReference(Sentences sentences, String context, String reference, double longest) {
        this.sentences = sentences;
        this.context = normal(context);
        this.longest = (int) (longest * normal(reference).length());
        for (SentenceRange span : sentences.split(reference)) {
            beginnings.add(normal(reference.substring(0, span.to())));
        }
    }

    /** @param prediction the text between the markers, if present */
    Optional<Known> known(Optional<String> prediction) {
        if (prediction.isEmpty()) {
            return Optional.of(Known.MISSING_MARKERS);
        }
        String text = normal(prediction.get());
        if (text.isEmpty()) {
            return Optional.of(Known.EMPTY_PREDICTION);
        } else if (beginnings.contains(text)) {
            return Optional.of(Known.EXACT_PREFIX);
        } else if (sentences.texts(text).stream().allMatch(context::contains)) {
            return Optional.of(Known.COPIED_PREDICTION);
        } else if (text.length() > longest) {
            return Optional.of(Known.OVERLONG_PREDICTION);
        }
        return Optional.empty();
    }

    private static String normal(String text) {
        return String.join(
                " ", Normalizer.normalize(text, Normalizer.Form.NFC).strip().split("\\s+"));
    }
}
