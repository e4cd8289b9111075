package io.foretell.learner.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Document;
import io.foretell.domain.TokenArray;
import io.foretell.learner.Runs;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.SamplingParameters;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContinuationEvaluationTest {
    private static final int SAMPLES = 5;
    private static final List<Document> DOCUMENTS = List.of(
            new Document("a", "x3=7 x4=9 x5=2", "plain", Map.of()), new Document("b", "so x5 is 2", "plain", Map.of()));

    @TempDir
    static Path folder;

    private static Policy policy;

    @BeforeAll
    static void open() {
        policy = Runs.policy(folder, 4);
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    private static ContinuationEvaluation writtenOn(
            List<String> banned, @Nullable String inserted, String... forbidden) {
        return new ContinuationEvaluation(
                policy, new EvaluationSettings.Continuations(banned, 3, 12, 1f, inserted, List.of(forbidden)), SAMPLES);
    }

    @Test
    void theMeasuresAreThoseOfTheTextsSampled() {
        int end = policy.tokenizer().endOfText().orElseThrow();
        List<String> banned = List.of("so", "3", "x3=7", "is");
        double rates = 0;
        int texts = 0;
        double distinct = 0;
        double length = 0;
        for (int d = 0; d < DOCUMENTS.size(); d++) {
            TokenArray shown =
                    policy.tokenizer().encodeDocument(DOCUMENTS.get(d).text()).slice(0, 3);
            List<Completion> samples = policy.generate(List.of(new GenerationRequest(
                            shown,
                            LongStream.range(0x5eed + 1000L * d, 0x5eed + 1000L * d + SAMPLES)
                                    .boxed()
                                    .toList(),
                            SamplingParameters.plain(1f, 0, 12, end))))
                    .get(0);
            Set<String> different = new HashSet<>();
            double words = 0;
            double bad = 0;
            for (Completion sample : samples) {
                String text = policy.tokenizer()
                        .decode(sample.tokens())
                        .replace("<|endoftext|>", "")
                        .strip();
                List<String> split = text.isEmpty() ? List.of() : Arrays.asList(text.split(" "));
                long found = split.stream().filter(banned::contains).count();
                bad += found;
                texts += found > 0 ? 1 : 0;
                words += split.size();
                different.add(text);
            }
            rates += bad / words / DOCUMENTS.size();
            distinct += (double) different.size() / SAMPLES / DOCUMENTS.size();
            length += words / SAMPLES / DOCUMENTS.size();
        }

        Map<String, Double> measures = writtenOn(banned, null).measures(DOCUMENTS);

        assertThat(rates).isBetween(0.01, 0.5);
        assertThat(measures.get("heldout/banned_token_rate")).isCloseTo(rates, within(1e-12));
        assertThat(measures.get("heldout/banned_text_rate"))
                .isCloseTo((double) texts / SAMPLES / DOCUMENTS.size(), within(1e-12));
        assertThat(measures.get("heldout/distinct_continuations")).isCloseTo(distinct, within(1e-12));
        assertThat(measures.get("heldout/continuation_length")).isCloseTo(length, within(1e-12));
        assertThat(measures.get("heldout/banned_token_rate"))
                .isBetween(
                        measures.get("heldout/banned_token_rate_low"), measures.get("heldout/banned_token_rate_high"));
    }

    @Test
    void forbiddenTokensAreNeverSampled() {
        List<String> words = List.of("so", "is", "3", "x1");
        assertThat(writtenOn(words, null).measures(DOCUMENTS).get("heldout/banned_token_rate"))
                .isPositive();

        assertThat(writtenOn(words, null, words.toArray(String[]::new)).measures(DOCUMENTS))
                .containsEntry("heldout/banned_token_rate", 0.0)
                .containsEntry("heldout/banned_text_rate", 0.0);
    }

    @Test
    void whatIsInsertedChangesWhatIsWritten() {
        List<String> words = List.of("so", "is", "3", "x1");

        assertThat(writtenOn(words, "<think>").measures(DOCUMENTS))
                .isNotEqualTo(writtenOn(words, null).measures(DOCUMENTS));
    }

    @Test
    void tokensThatAreNoneAreRefused() {
        assertThatThrownBy(() -> writtenOn(List.of("so"), "<|good|>"))
                .hasMessage("eval.continuations.inserted names '<|good|>', but the tokenizer has no such single token");
        assertThatThrownBy(() -> writtenOn(List.of("so"), null, "<|bad|>"))
                .hasMessage("eval.continuations.forbidden names '<|bad|>', but the tokenizer has no such single token");
        assertThat(writtenOn(List.of("so"), null).measures(List.of())).isEmpty();
    }
}
