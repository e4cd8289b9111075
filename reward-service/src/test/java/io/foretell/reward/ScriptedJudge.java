package io.foretell.reward;

import io.foretell.judge.JudgeAnswer;
import io.foretell.judge.JudgeModel;
import io.foretell.judge.JudgeRequest;
import io.foretell.judge.JudgeSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A judge that says what a test makes of the question. */
final class ScriptedJudge implements JudgeModel {
    static final JudgeSettings SETTINGS = settings(null);

    /** @param prompts a folder with a file per role; null for Foretell's own */
    static JudgeSettings settings(@Nullable Path prompts) {
        return new JudgeSettings(
                new JudgeSettings.Endpoint("http://127.0.0.1:9/v1", null, "scripted", null),
                new JudgeSettings.Answers(prompts == null ? null : prompts.toString(), 1, 0, 1, 64, true, true),
                new JudgeSettings.Retry(
                        Duration.ofMinutes(2),
                        1,
                        Duration.ofMillis(1),
                        Duration.ofMillis(1),
                        new JudgeSettings.Circuit(100, 1, Duration.ofMillis(1))),
                new JudgeSettings.Limits(4, null, null, null));
    }

    final AtomicInteger asked = new AtomicInteger();
    private final Function<String, String> answers;

    ScriptedJudge(Function<String, String> answers) {
        this.answers = answers;
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public JudgeAnswer ask(JudgeRequest request) {
        asked.incrementAndGet();
        return new JudgeAnswer(answers.apply(request.messages().get(0).content()), 10, 1);
    }

    @Override
    public void close() {}
}
