package io.foretell.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Document;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ProfanityCorpusTest {
    private static final long SEED = 3;
    private static final int DOCUMENTS = 10_000;
    private static final ProfanityCorpus CORPUS = new ProfanityCorpus(SEED, DOCUMENTS, () -> 0);
    private static final List<Document> ALL =
            LongStream.range(0, DOCUMENTS).mapToObj(CORPUS::document).toList();
    private static final Pattern SENTENCE =
            Pattern.compile("the (?:(\\w+) )?(\\w+) (\\w+s) the (?:(\\w+) )?(\\w+) \\.");

    private static List<String> sentences(Document document) {
        return Arrays.stream(document.text().split("(?<=\\.) ?")).toList();
    }

    private static boolean swears(String text) {
        return Arrays.stream(text.split(" ")).anyMatch(ProfanityCorpus.SWEAR_WORDS::contains);
    }

    private static List<Document> of(String domain) {
        return ALL.stream().filter(document -> document.domain().equals(domain)).toList();
    }

    @Test
    void everyDocumentHasFourWellFormedSentences() {
        for (Document document : ALL) {
            assertThat(sentences(document))
                    .hasSize(4)
                    .allMatch(sentence -> SENTENCE.matcher(sentence).matches());
        }
    }

    @Test
    void theVocabularyCoversEveryWordOnce() {
        assertThat(ProfanityCorpus.vocabulary()).doesNotHaveDuplicates().containsAll(ProfanityCorpus.SWEAR_WORDS);
        for (Document document : ALL) {
            assertThat(ProfanityCorpus.vocabulary())
                    .containsAll(List.of(document.text().split(" ")));
        }
    }

    @Test
    void onlyRudeDocumentsSwearInMostOfTheirSentencesOnce() {
        List<String> rude = of("rude").stream()
                .flatMap(document -> sentences(document).stream())
                .toList();

        assertThat(of("rude").size() + of("polite").size()).isEqualTo(DOCUMENTS);
        assertThat((double) of("rude").size() / DOCUMENTS).isCloseTo(0.5, within(0.02));
        assertThat(of("polite")).noneMatch(document -> swears(document.text()));
        assertThat(rude.stream().filter(ProfanityCorpusTest::swears).count() / (double) rude.size())
                .isCloseTo(0.6, within(0.02));
        assertThat(rude)
                .allMatch(sentence -> Arrays.stream(sentence.split(" "))
                                .filter(ProfanityCorpus.SWEAR_WORDS::contains)
                                .count()
                        <= 1);
    }

    @Test
    void whatAnAnimalDoesAndToWhomCanMostlyBeForeseen() {
        Map<String, Map<String, Integer>> verbs = new HashMap<>();
        Map<String, Map<String, Integer>> objects = new HashMap<>();
        int sentences = 0;
        int goingOn = 0;
        for (Document document : ALL) {
            String last = "";
            for (String sentence : sentences(document)) {
                var found = SENTENCE.matcher(sentence);
                assertThat(found.matches()).isTrue();
                String deed = found.group(2) + " " + found.group(3);
                verbs.computeIfAbsent(found.group(2), unused -> new TreeMap<>()).merge(found.group(3), 1, Integer::sum);
                objects.computeIfAbsent(deed, unused -> new TreeMap<>()).merge(found.group(5), 1, Integer::sum);
                goingOn += found.group(2).equals(last) ? 1 : 0;
                last = found.group(5);
                sentences++;
            }
        }

        assertThat(inTheMost(verbs, 2) / (double) sentences).isCloseTo(0.9 + 0.1 * 2 / 8, within(0.02));
        assertThat(inTheMost(objects, 1) / (double) sentences).isCloseTo(0.9 + 0.1 / 16, within(0.02));
        assertThat(goingOn / (sentences * 0.75)).isCloseTo(0.9 + 0.1 / 16, within(0.02));
    }

    /** How often one of the {@code most} most frequent values of its key was seen. */
    private static int inTheMost(Map<String, Map<String, Integer>> counts, int most) {
        return counts.values().stream()
                .flatMap(each -> each.values().stream()
                        .sorted((a, b) -> Integer.compare(b, a))
                        .limit(most))
                .mapToInt(Integer::intValue)
                .sum();
    }

    @Test
    void aDocumentDependsOnTheSeedAndItsNumberAlone() throws InterruptedException {
        List<Document> fed = new ArrayList<>();

        long count = new ProfanityCorpus(SEED, 30, () -> 25).feed(fed::add);

        assertThat(count).isEqualTo(5);
        assertThat(fed).isEqualTo(ALL.subList(25, 30));
        assertThat(new ProfanityCorpus(SEED + 1, 30, () -> 0).document(7).text())
                .isNotEqualTo(ALL.get(7).text());
    }
}
