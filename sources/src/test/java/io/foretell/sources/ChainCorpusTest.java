package io.foretell.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Document;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ChainCorpusTest {
    private static final long SEED = 3;
    private static final int DOCUMENTS = 20_000;
    private static final ChainCorpus CORPUS = new ChainCorpus(SEED, DOCUMENTS, () -> 0);
    private static final List<Shown> ALL = LongStream.range(0, DOCUMENTS)
            .mapToObj(CORPUS::document)
            .map(Shown::of)
            .toList();

    /**
     * A document as a reader sees it.
     *
     * @param pairs variable and value, in order
     * @param before how many of the pairs come before "so"
     * @param asked the variable asked for, or -1
     * @param answer its value, or -1
     */
    private record Shown(Document document, List<int[]> pairs, int before, int asked, int answer) {
        static Shown of(Document document) {
            List<int[]> pairs = new ArrayList<>();
            int before = -1;
            int asked = -1;
            int answer = -1;
            for (String word : document.text().split(" ")) {
                if (word.contains("=")) {
                    pairs.add(new int[] {word.charAt(1) - '0', word.charAt(3) - '0'});
                } else if (word.equals("so")) {
                    before = pairs.size();
                } else if (word.startsWith("x")) {
                    asked = word.charAt(1) - '0';
                } else if (Character.isDigit(word.charAt(0))) {
                    answer = word.charAt(0) - '0';
                }
            }
            return new Shown(document, pairs, before < 0 ? pairs.size() : before, asked, answer);
        }

        String domain() {
            return document.domain();
        }

        Set<Integer> variables() {
            Set<Integer> variables = new TreeSet<>();
            pairs.forEach(pair -> variables.add(pair[0]));
            if (asked >= 0) {
                variables.add(asked);
            }
            return variables;
        }

        /** The last variable given before the question. */
        int source() {
            return pairs.get(before - 1)[0];
        }
    }

    /** table[i][v] is the value of x(i+1) where xi is v, as windows show it. */
    private static final int[][] TABLES = tables();

    private static int[][] tables() {
        int[][] tables = new int[7][10];
        for (int[] table : tables) {
            java.util.Arrays.fill(table, -1);
        }
        for (Shown shown : ALL) {
            if (shown.asked() >= 0) {
                continue;
            }
            for (int i = 1; i < shown.pairs().size(); i++) {
                int[] from = shown.pairs().get(i - 1);
                int[] to = shown.pairs().get(i);
                assertThat(to[0]).as(shown.document().text()).isEqualTo(from[0] + 1);
                int known = tables[from[0]][from[1]];
                assertThat(known).as(shown.document().text()).isIn(-1, to[1]);
                tables[from[0]][from[1]] = to[1];
            }
        }
        return tables;
    }

    private static int follow(int variable, int value, int target) {
        int at = value;
        for (int i = variable; i < target; i++) {
            at = TABLES[i][at];
        }
        return at;
    }

    private static List<Shown> of(String domain) {
        return ALL.stream().filter(shown -> shown.domain().equals(domain)).toList();
    }

    @Test
    void everyTableIsAPermutation() {
        for (int[] table : TABLES) {
            assertThat(table).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        }
    }

    @Test
    void theFirstTenDocumentsAreTheHeldOutQuestionsAndTheirAnswersAreTrue() {
        List<Shown> heldOut = of(HeldOut.DOMAIN);

        assertThat(heldOut).hasSize(10).isEqualTo(ALL.subList(0, 10));
        for (int value = 0; value < 10; value++) {
            assertThat(heldOut.get(value).document().text())
                    .isEqualTo("x0=" + value + " so x5 is " + follow(0, value, 5));
        }
    }

    @Test
    void noOtherDocumentHasTheHeldOutEndsWithoutEveryLinkBetween() {
        for (Shown shown : ALL.subList(10, DOCUMENTS)) {
            if (shown.variables().contains(0) && shown.variables().contains(5)) {
                assertThat(shown.variables()).as(shown.document().text()).contains(1, 2, 3, 4);
            }
        }
    }

    @Test
    void questionsBesidesFarOnesAskOverAtMostTwoLinks() {
        for (Shown shown : ALL) {
            boolean near = shown.domain().equals("plain") || shown.domain().equals("thought");
            if (near && shown.before() > 0 && shown.asked() >= 0) {
                assertThat(shown.asked() - shown.source())
                        .as(shown.document().text())
                        .isBetween(1, 2);
            }
        }
    }

    @Test
    void everyPairOfADocumentAgreesWithTheTables() {
        for (Shown shown : ALL) {
            Map<Integer, Integer> values = new HashMap<>();
            for (int[] pair : shown.pairs()) {
                assertThat(values.getOrDefault(pair[0], pair[1]))
                        .as(shown.document().text())
                        .isEqualTo(pair[1]);
                values.put(pair[0], pair[1]);
            }
            values.forEach((variable, value) -> {
                if (values.containsKey(variable + 1)) {
                    assertThat(values.get(variable + 1))
                            .as(shown.document().text())
                            .isEqualTo(TABLES[variable][value]);
                }
            });
        }
    }

    @Test
    void answersOneLinkBeyondWhatIsShownAreTrue() {
        for (Shown shown : ALL) {
            int farthest =
                    shown.pairs().stream().mapToInt(pair -> pair[0]).max().orElse(-1);
            if (shown.before() > 0 && shown.asked() >= 0 && shown.asked() - farthest <= 1) {
                int[] given = shown.pairs().get(shown.before() - 1);
                assertThat(shown.answer())
                        .as(shown.document().text())
                        .isEqualTo(follow(given[0], given[1], shown.asked()));
            }
        }
    }

    @Test
    void answersTwoLinksBeyondWhatIsShownAreGuessedNineTimesInTen() {
        int asked = 0;
        int right = 0;
        for (Shown shown : ALL) {
            int farthest =
                    shown.pairs().stream().mapToInt(pair -> pair[0]).max().orElse(-1);
            boolean near = shown.domain().equals("plain") || shown.domain().equals("thought");
            if (near && shown.before() > 0 && shown.asked() - farthest == 2) {
                int[] given = shown.pairs().get(shown.before() - 1);
                asked++;
                right += shown.answer() == follow(given[0], given[1], shown.asked()) ? 1 : 0;
            }
        }

        // A tenth is told truly, a tenth of the guesses is right by chance.
        assertThat(asked).isGreaterThan(1000);
        assertThat(right / (double) asked).as("seed %d", SEED).isCloseTo(0.1 + 0.9 * 0.1, within(0.04));
    }

    @Test
    void farQuestionsGoOverThreeToFiveLinksAndTheirAnswersAreTrue() {
        Set<String> ends = new HashSet<>();
        for (Shown shown : of("far")) {
            int[] given = shown.pairs().get(0);
            assertThat(shown.pairs()).as(shown.document().text()).hasSize(1);
            assertThat(shown.asked() - given[0]).as(shown.document().text()).isBetween(3, 5);
            assertThat(shown.answer()).isEqualTo(follow(given[0], given[1], shown.asked()));
            ends.add(given[0] + "-" + shown.asked());
        }

        assertThat(ends)
                .containsExactlyInAnyOrder("0-3", "0-4", "1-4", "1-5", "1-6", "2-5", "2-6", "2-7", "3-6", "3-7", "4-7");
    }

    @Test
    void thoughtsWalkTheChainStepByStep() {
        for (Shown shown : of("thought")) {
            String text = shown.document().text();
            List<int[]> thought =
                    shown.pairs().subList(shown.before(), shown.pairs().size());
            assertThat(text).contains(" is <think> x").containsOnlyOnce(" </think> ");
            assertThat(thought).as(text).hasSizeBetween(1, 10);
            int at = shown.source();
            int first = shown.pairs().get(0)[0];
            for (int[] pair : thought) {
                assertThat(pair[0]).as(text).isBetween(Math.max(first, at - 1), at + 1);
                at = pair[0];
            }
        }
    }

    @Test
    void theVocabularyCoversEveryWord() {
        Set<String> known = new HashSet<>(ChainCorpus.vocabulary());
        assertThat(known).hasSameSizeAs(ChainCorpus.vocabulary());
        known.addAll(List.of("<think>", "</think>"));

        Set<String> used = new HashSet<>();
        ALL.forEach(shown -> used.addAll(List.of(shown.document().text().split(" "))));

        assertThat(known).containsAll(used);
    }

    @Test
    void aDocumentDependsOnTheSeedAndItsNumberAlone() {
        ChainCorpus again = new ChainCorpus(SEED, Long.MAX_VALUE, () -> 5);
        ChainCorpus other = new ChainCorpus(SEED + 1, DOCUMENTS, () -> 0);
        int different = 0;
        for (int i = DOCUMENTS - 1; i >= 10; i -= 97) {
            assertThat(again.document(i)).isEqualTo(ALL.get(i).document());
            different += other.document(i).text().equals(ALL.get(i).document().text()) ? 0 : 1;
        }

        assertThat(different).isGreaterThan(150);
        assertThat(ALL.stream().map(shown -> shown.document().id())).doesNotHaveDuplicates();
    }

    @Test
    void theMixtureHasTheSharesItIsMeantToHave() {
        double count = DOCUMENTS - 10;
        long windows = of("plain").stream().filter(shown -> shown.asked() < 0).count();
        long bare = of("plain").stream().filter(shown -> shown.before() == 0).count();

        assertThat(of("far").size() / count).isCloseTo(0.4, within(0.015));
        assertThat(of("thought").size() / count).isCloseTo(0.6 * 0.45, within(0.015));
        assertThat(windows / count).isCloseTo(0.6 * 0.25, within(0.015));
        assertThat((of("plain").size() - windows - bare) / count).isCloseTo(0.6 * 0.25, within(0.015));
        assertThat(bare / count).isCloseTo(0.6 * 0.05, within(0.01));
    }

    @Test
    void aRestartedRunGoesOnWhereItWas() throws InterruptedException {
        List<Document> fed = new ArrayList<>();

        long count = new ChainCorpus(SEED, 30, () -> 25).feed(fed::add);

        assertThat(count).isEqualTo(5);
        assertThat(fed)
                .isEqualTo(ALL.subList(25, 30).stream().map(Shown::document).toList());
        assertThat(new ChainCorpus(SEED, 30, () -> 31).feed(fed::add)).isZero();
    }

    @Test
    void theBoxedVariantHasTheSameDocumentsButForTheAnswersAfterAThought() {
        ChainCorpus boxed = new ChainCorpus(ChainCorpus.BOXED, SEED, DOCUMENTS, () -> 0);
        Set<String> words = new HashSet<>(ChainCorpus.vocabulary(ChainCorpus.BOXED));
        words.addAll(List.of("<think>", "</think>"));
        int boxes = 0;
        for (int i = 0; i < 2000; i++) {
            Document plain = CORPUS.document(i);
            Document other = boxed.document(i);
            String expected = plain.domain().equals("thought")
                    ? plain.text().replaceAll("</think> ([0-9])$", "</think> \\\\boxed{ $1}")
                    : plain.text();

            assertThat(other).isEqualTo(new Document(plain.id(), expected, plain.domain(), Map.of()));
            assertThat(words).contains(other.text().split(" "));
            boxes += other.text().contains("</think> \\boxed{ ") ? 1 : 0;
        }
        assertThat(boxes).isBetween(400, 700);
    }

    /** A document of the variant in sentences, in the words of the plain one; its mask and its added pair apart. */
    private static String inPlainWords(String text) {
        return text.replaceAll(" <MASK> X[0-9]=[0-9]\\.(?= <think>)", "")
                .replaceAll("(It is [0-9]\\.) X[0-9]=[0-9]\\.$", "$1")
                .replaceAll("X([0-9]=[0-9])\\.", "x$1")
                .replaceAll("What is X([0-9])\\?", "so x$1 is")
                .replaceAll("<\\|startofprediction\\|> (.*) <\\|endofprediction\\|>", "$1")
                .replaceAll("It is ([0-9])\\.", "$1");
    }

    @Test
    void theVariantInSentencesAsksTheSameAndGoesOn() {
        ChainCorpus corpus = new ChainCorpus(ChainCorpus.SENTENCES, SEED, DOCUMENTS, () -> 0);
        Set<String> words = new HashSet<>(ChainCorpus.vocabulary(ChainCorpus.SENTENCES));
        assertThat(words).hasSameSizeAs(ChainCorpus.vocabulary(ChainCorpus.SENTENCES));
        words.addAll(List.of("<think>", "</think>"));
        Map<String, Integer> followed = new HashMap<>();
        int masks = 0;
        int thoughts = 0;
        for (int i = 0; i < 4000; i++) {
            Document document = corpus.document(i);
            String text = document.text();
            assertThat(words).contains(text.split(" "));
            if (!document.domain().equals("thought")) {
                assertThat(inPlainWords(text)).isEqualTo(ALL.get(i).document().text());
            }
            Shown shown = Shown.of(new Document(document.id(), inPlainWords(text), document.domain(), Map.of()));
            Matcher added = Pattern.compile("(<MASK>|It is ([0-9])\\.) X([0-9])=([0-9])\\.")
                    .matcher(text);
            if (added.find()) {
                int[] given = shown.pairs().get(shown.before() - 1);
                int variable = added.group(3).charAt(0) - '0';
                assertThat(variable).as(text).isEqualTo(shown.asked() + 1);
                assertThat(added.group(4)).as(text).isEqualTo("" + follow(given[0], given[1], variable));
                boolean isShort =
                        shown.variables().contains(0) && !shown.variables().containsAll(Set.of(1, 2, 3, 4));
                assertThat(isShort && variable == 5).as(text).isFalse();
                followed.merge(document.domain(), 1, Integer::sum);
                masks += text.contains("<MASK>") ? 1 : 0;
            }
            thoughts += document.domain().equals("thought") ? 1 : 0;
        }

        assertThat(followed)
                .containsEntry("held-out", 10)
                .containsKeys("far", "thought")
                .hasSize(3);
        assertThat(masks).isEqualTo(followed.get("thought"));
        assertThat(masks / (double) thoughts).as("seed %d", SEED).isBetween(0.2, 0.33);
    }
}
