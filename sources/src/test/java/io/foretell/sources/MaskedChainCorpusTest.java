package io.foretell.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Document;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MaskedChainCorpusTest {
    private static final long SEED = 3;
    private static final int DOCUMENTS = 20_000;
    private static final MaskedChainCorpus CORPUS = new MaskedChainCorpus(SEED, DOCUMENTS, () -> 0);
    private static final ChainCorpus WORLD = new ChainCorpus(SEED, DOCUMENTS, () -> 0);
    private static final Pattern QUESTION = Pattern.compile("x(\\d)=(\\d) .*y(\\d) .*is .*?v(\\d)");

    private static List<String> texts(String domain) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < DOCUMENTS; i++) {
            Document document = CORPUS.document(i);
            if (document.domain().equals(domain)) {
                texts.add(document.text());
            }
        }
        return texts;
    }

    private static int[] numbers(String paragraph) {
        Matcher question = QUESTION.matcher(paragraph);
        assertThat(question.find()).as(paragraph).isTrue();
        return new int[] {
            Integer.parseInt(question.group(1)),
            Integer.parseInt(question.group(2)),
            Integer.parseInt(question.group(3)),
            Integer.parseInt(question.group(4))
        };
    }

    @Test
    void paragraphsAreTrueAndNeverFromX0ToX5() {
        Set<Integer> links = new TreeSet<>();
        for (String text : texts("paragraph")) {
            int[] n = numbers(text);
            assertThat(WORLD.chain(n[0], n[1])[n[2]]).as(text).isEqualTo(n[3]);
            assertThat(n[0] == 0 && n[2] == 5).as(text).isFalse();
            assertThat(text.split(" ")).as(text).hasSize(9).contains("to" + n[2], "so", "is");
            links.add(n[2] - n[0]);
        }
        assertThat(links).containsExactly(3, 4, 5);
    }

    @Test
    void heldOutParagraphsAskFromX0ToX5AndEndWithTheAnswer() {
        List<String> texts = texts(HeldOut.DOMAIN);

        assertThat(texts).hasSize(10).allSatisfy(text -> {
            int[] n = numbers(text);
            assertThat(new int[] {n[0], n[2]}).containsExactly(0, 5);
            assertThat(text).endsWith("v" + WORLD.chain(0, n[1])[5]);
        });
    }

    @Test
    void whatIsLearntFromNeverSpansMoreThanTwoLinks() {
        for (String domain : List.of("cloze", "choice", "recall")) {
            for (String text : texts(domain)) {
                Matcher target = Pattern.compile("(?:to|y)(\\d)").matcher(text);
                Matcher source = Pattern.compile("x(\\d)=").matcher(text.split(" (guess|hide|again) ")[0]);
                if (target.find() && source.find()) {
                    assertThat(Integer.parseInt(target.group(1)) - Integer.parseInt(source.group(1)))
                            .as(text)
                            .isBetween(1, 2);
                }
            }
        }
    }

    @Test
    void aChoiceIsAnyWordOfItsParagraphBehindItsKind() {
        Map<Integer, Integer> places = new HashMap<>();
        List<String> texts = texts("choice");
        for (String text : texts) {
            Matcher choice = Pattern.compile("(.*) hide <think> (\\w+) </think> \\\\mask\\{ (\\S+) }")
                    .matcher(text);
            assertThat(choice.matches()).as(text).isTrue();
            List<String> words = Arrays.asList(choice.group(1).split(" "));
            String word = choice.group(3);
            assertThat(words).contains(word);
            assertThat(choice.group(2)).as(text).isEqualTo(kind(word));
            places.merge(words.indexOf(word), 1, Integer::sum);
        }
        assertThat(places).hasSize(9);
        assertThat(places.values()).allMatch(count -> count > texts.size() / 15 && count < texts.size() / 7);
    }

    private static String kind(String word) {
        Map<String, String> kinds = Map.of(
                "to\\d", "theme",
                "x\\d=\\d", "given",
                "so|is", "glue",
                "y\\d", "asked",
                "v\\d", "found",
                "n\\d\\d", "chaff");
        return kinds.entrySet().stream()
                .filter(kind -> word.matches(kind.getKey()))
                .findFirst()
                .orElseThrow()
                .getValue();
    }

    @Test
    void recallRepeatsWordsOfItsParagraphBehindTheirKinds() {
        for (String text : texts("recall")) {
            String[] parts = text.split(" again ");
            List<String> words = Arrays.asList(parts[0].split(" "));
            String[] again = parts[1].split(" ");
            assertThat(again).hasSize(12);
            for (int i = 0; i < again.length; i += 2) {
                assertThat(words).contains(again[i + 1]);
                assertThat(again[i]).as(text).isEqualTo(kind(again[i + 1]));
            }
        }
    }

    @Test
    void aClozeBoxesWhatIsHidden() {
        int walks = 0;
        List<String> texts = texts("cloze");
        for (String text : texts) {
            Matcher box = Pattern.compile("guess <think> (.*)</think> \\\\boxed\\{ (\\S+) }$")
                    .matcher(text);
            assertThat(box.find()).as(text).isTrue();
            assertThat(text.split(" guess ")[0]).contains("[mask]").doesNotContain(" " + box.group(2) + " ");
            assertThat(box.group(1).isEmpty()).as(text).isEqualTo(!box.group(2).startsWith("v"));
            assertThat(kind(box.group(2))).as(text).isIn("found", "theme", "asked", "glue");
            walks += box.group(1).isEmpty() ? 0 : 1;
        }
        assertThat(walks / (double) texts.size()).isBetween(0.47, 0.53);
    }

    @Test
    void everyWordIsInTheVocabularyAndNoneIsPartOfAnother() {
        Set<String> known = new HashSet<>(MaskedChainCorpus.vocabulary());
        assertThat(known).hasSameSizeAs(MaskedChainCorpus.vocabulary());
        for (int i = 0; i < 3000; i++) {
            for (String word : CORPUS.document(i).text().split(" ")) {
                assertThat(known.contains(word) || word.matches("</?think>"))
                        .as(word)
                        .isTrue();
            }
        }
        List<String> words =
                known.stream().filter(word -> word.matches("\\w+(=\\d)?")).toList();
        for (String word : words) {
            assertThat(words)
                    .as("a mask of it hides it and nothing else")
                    .noneMatch(other -> !other.equals(word) && other.contains(word));
        }
    }

    @Test
    void aDocumentDependsOnSeedAndPlaceAlone() throws InterruptedException {
        List<Document> fed = new ArrayList<>();
        long count = new MaskedChainCorpus(SEED, 30, () -> 25).feed(fed::add);

        assertThat(count).isEqualTo(5);
        assertThat(fed.get(0)).isEqualTo(CORPUS.document(25));
        assertThat(new MaskedChainCorpus(SEED + 1, 30, () -> 0).document(25).text())
                .isNotEqualTo(CORPUS.document(25).text());
    }
}
