package io.foretell.judge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.foretell.judge.AnswerFormat.ParsedAnswer;
import io.foretell.judge.JudgeRequest.Message;
import io.foretell.platform.Json;
import io.foretell.platform.Metrics;
import io.foretell.platform.Sha256;
import java.util.List;
import java.util.Optional;

/**
 * Answers one question: from the cache, or by asking the judge and parsing its answer strictly, with one more attempt
 * if the answer is unreadable. Thread-safe; calls block.
 */
final class CachingJudge {
    private final JudgeSettings settings;
    private final ResilientJudge judge;
    private final VerdictStore store;
    private final JudgeBiasMonitor watch;
    private final Metrics metrics;

    CachingJudge(
            JudgeSettings settings, ResilientJudge judge, VerdictStore store, JudgeBiasMonitor watch, Metrics metrics) {
        this.settings = settings;
        this.judge = judge;
        this.store = store;
        this.watch = watch;
        this.metrics = metrics;
    }

    /** The cache key: judge, sampling settings, prompt version, question and sample number. */
    byte[] key(JudgePrompt prompt, String question, int sample) {
        ArrayNode all = Json.mapper().createArrayNode();
        all.add(judge.name())
                .add(settings.answers().temperature())
                .add(settings.answers().topP())
                .add(settings.answers().maxTokens());
        all.add(prompt.role()).add(prompt.version()).add(question).add(sample);
        return Sha256.of(all.toString());
    }

    /** @throws JudgeFailure if there is no readable answer */
    ParsedAnswer read(JudgePrompt prompt, String question, int sample) throws InterruptedException {
        byte[] key = key(prompt, question, sample);
        Optional<ParsedAnswer> kept = settings.answers().cache() ? store.find(key) : Optional.empty();
        if (kept.isPresent()) {
            metrics.count("reward_judge_answers", "role", prompt.role(), "outcome", "cached");
            return kept.get();
        }
        try {
            ParsedAnswer reading = ask(prompt, question, sample);
            metrics.count("reward_judge_answers", "role", prompt.role(), "outcome", "ok");
            watch.note(prompt, reading.score());
            if (settings.answers().cache()) {
                store.keep(key, prompt, judge.name(), reading);
            }
            return reading;
        } catch (JudgeFailure e) {
            String outcome = e.kind() == JudgeFailure.Kind.TIMEOUT ? "timeout" : "failed";
            metrics.count("reward_judge_answers", "role", prompt.role(), "outcome", outcome);
            throw e;
        }
    }

    private ParsedAnswer ask(JudgePrompt prompt, String question, int sample) throws InterruptedException {
        JudgeRequest request = new JudgeRequest(
                List.of(new Message("user", question)),
                settings.answers().temperature(),
                settings.answers().topP(),
                settings.answers().maxTokens(),
                sample,
                settings.retry().timeout());
        JudgeAnswer answer = judge.ask(request);
        try {
            return prompt.answer().read(answer.text());
        } catch (JudgeFailure e) {
            metrics.count("reward_judge_repairs");
            String reply = "Your answer cannot be used: " + e.sentence() + ".\nAnswer again. Required is "
                    + prompt.answer().expected() + ".";
            JudgeAnswer second = judge.ask(request.followedBy(answer.text(), reply));
            return readAgain(prompt, second);
        }
    }

    private static ParsedAnswer readAgain(JudgePrompt prompt, JudgeAnswer second) {
        try {
            return prompt.answer().read(second.text());
        } catch (JudgeFailure e) {
            throw new JudgeFailure(
                    JudgeFailure.Kind.UNREADABLE, "the judge's answer cannot be used, asked twice: " + e.sentence());
        }
    }
}
