package io.foretell.sources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Document;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.platform.ForetellException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ThinkingAugmentedSourceTest {
    private static final String TEMPLATE = "{text}\n\n{thoughts}";
    private final List<String> asked = new ArrayList<>();
    private final Set<String> known = new HashSet<>();
    private final List<Document> fed = new ArrayList<>();

    private static Verdict ok(String thoughts) {
        return new Verdict(RewardStatus.OK, Double.NaN, thoughts);
    }

    private static Document document(int i, String text) {
        return new Document("d" + i, text, "news", Map.of("year", "2026"));
    }

    /** Of documents d0, d1, ... with these texts. */
    private ThinkingAugmentedSource source(
            String template, Function<String, CompletableFuture<Verdict>> thinker, int atOnce, List<String> texts) {
        DocumentSource inner = new DocumentSource() {
            @Override
            public String name() {
                return "papers";
            }

            @Override
            public long feed(Sink sink) throws InterruptedException {
                for (int i = 0; i < texts.size(); i++) {
                    sink.accept(document(i, texts.get(i)));
                }
                return texts.size();
            }

            @Override
            public long skipped() {
                return 1;
            }
        };
        return new ThinkingAugmentedSource(
                inner,
                template,
                text -> {
                    asked.add(text);
                    return thinker.apply(text);
                },
                known::contains,
                atOnce);
    }

    private static Function<String, CompletableFuture<Verdict>> always(Function<String, Verdict> thinker) {
        return text -> CompletableFuture.completedFuture(thinker.apply(text));
    }

    @Test
    void thoughtsStandBehindTheDocumentWhichKeepsTheRest() throws InterruptedException {
        ThinkingAugmentedSource source =
                source(TEMPLATE, always(text -> ok("about " + text)), 4, List.of("a", "{thoughts}"));

        assertThat(source.feed(fed::add)).isEqualTo(2);
        assertThat(fed)
                .containsExactly(
                        new Document("d0+thoughts", "a\n\nabout a", "news", Map.of("year", "2026")),
                        new Document("d1+thoughts", "{thoughts}\n\nabout {thoughts}", "news", Map.of("year", "2026")));
        assertThat(source.name()).isEqualTo("papers with thoughts");
        assertThat(source.skipped()).as("by the source below").isEqualTo(1);
    }

    @Test
    void theTemplateMayPutThoughtsFirst() throws InterruptedException {
        source("[{thoughts}] {text}!", always(text -> ok("hm")), 1, List.of("a"))
                .feed(fed::add);

        assertThat(fed).extracting(Document::text).containsExactly("[hm] a!");
    }

    @Test
    void severalAreThoughtAboutAtATimeAndComeOutInOrder() throws InterruptedException {
        List<CompletableFuture<Verdict>> answers = new ArrayList<>();
        Function<String, CompletableFuture<Verdict>> thinker = text -> {
            CompletableFuture<Verdict> answer = new CompletableFuture<>();
            answers.add(answer);
            if (answers.size() % 3 == 0) { // the last of three is done first
                for (int i = answers.size() - 1; i >= answers.size() - 3; i--) {
                    answers.get(i).complete(ok("thought " + i));
                }
            }
            return answer;
        };

        source(
                        TEMPLATE,
                        thinker,
                        3,
                        IntStream.range(0, 9).mapToObj(i -> "t" + i).toList())
                .feed(fed::add);

        assertThat(fed)
                .extracting(Document::text)
                .isEqualTo(IntStream.range(0, 9)
                        .mapToObj(i -> "t" + i + "\n\nthought " + i)
                        .toList());
    }

    @Test
    void whatIsKnownIsNotThoughtAboutAgain() throws InterruptedException {
        known.add("d0+thoughts");
        known.add("d2");
        ThinkingAugmentedSource source = source(TEMPLATE, always(text -> ok("hm")), 2, List.of("a", "b", "c"));

        assertThat(source.feed(fed::add)).isEqualTo(2);
        assertThat(asked).containsExactly("b", "c");
        assertThat(fed).extracting(Document::id).containsExactly("d1+thoughts", "d2+thoughts");
    }

    @Test
    void aDocumentWithoutThoughtsIsLeftOutAndCounted() throws InterruptedException {
        ThinkingAugmentedSource source = source(
                TEMPLATE,
                always(text -> text.equals("b") ? new Verdict(RewardStatus.TIMEOUT, 0, "too slow") : ok("hm")),
                1,
                List.of("a", "b", "c"));

        assertThat(source.feed(fed::add)).isEqualTo(2);
        assertThat(fed).extracting(Document::id).containsExactly("d0+thoughts", "d2+thoughts");
        assertThat(source.skipped()).isEqualTo(2);
    }

    @Test
    void aThinkerThatOnlyFailsStopsTheSource() {
        int most = ThinkingAugmentedSource.LAST_STRAW;
        ThinkingAugmentedSource source = source(
                TEMPLATE,
                always(text -> new Verdict(RewardStatus.FAILED, 0, "the endpoint is down")),
                1,
                IntStream.range(0, 3 * most).mapToObj(String::valueOf).toList());

        assertThatThrownBy(() -> source.feed(fed::add))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining(most + " documents in a row")
                .hasMessageContaining("the endpoint is down");
        assertThat(asked).hasSize(most);
        assertThat(fed).isEmpty();
    }
}
