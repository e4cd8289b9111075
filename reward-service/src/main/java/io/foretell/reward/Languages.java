package io.foretell.reward;

import com.optimaize.langdetect.DetectedLanguage;
import com.optimaize.langdetect.LanguageDetector;
import com.optimaize.langdetect.LanguageDetectorBuilder;
import com.optimaize.langdetect.ngram.NgramExtractors;
import com.optimaize.langdetect.profiles.BuiltInLanguages;
import com.optimaize.langdetect.profiles.LanguageProfileReader;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;

/** In which language a text is. The profiles are read at the first question. Thread-safe. */
final class Languages {
    static final Set<String> KNOWN = known();

    private Languages() {}

    private static Set<String> known() {
        Set<String> codes = new TreeSet<>();
        BuiltInLanguages.getLanguages().forEach(locale -> codes.add(locale.getLanguage()));
        return codes;
    }

    /** 0 for a text that is too short to say. */
    static double probability(String code, String text) {
        return Profiles.DETECTOR.getProbabilities(text).stream()
                .filter(found -> found.getLocale().getLanguage().equals(code))
                .mapToDouble(DetectedLanguage::getProbability)
                .sum();
    }

    private static final class Profiles {
        static final LanguageDetector DETECTOR = detector();

        private static LanguageDetector detector() {
            try {
                return LanguageDetectorBuilder.create(NgramExtractors.standard())
                        .withProfiles(new LanguageProfileReader().readAllBuiltIn())
                        .seed(1)
                        .build();
            } catch (IOException e) {
                throw new IllegalStateException("cannot read the language profiles", e);
            }
        }
    }
}
