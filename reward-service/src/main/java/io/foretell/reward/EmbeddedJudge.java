package io.foretell.reward;

import io.foretell.domain.PublishedWeights;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ChatTemplate;
import io.foretell.huggingface.EndTokens;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.judge.JudgeAnswer;
import io.foretell.judge.JudgeFailure;
import io.foretell.judge.JudgeFailure.Kind;
import io.foretell.judge.JudgeModel;
import io.foretell.judge.JudgeRequest;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.platform.Time;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.SamplingParameters;
import io.foretell.weightsync.PolicyFetch;
import io.foretell.weightsync.ServedPolicy;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A second model in this process as judge: asked through its chat template if it has one, else with the plain question.
 * Batches questions from several threads. Thread-safe.
 */
public final class EmbeddedJudge implements JudgeModel {
    private static final Duration LOADING = Duration.ofMinutes(5);

    private final String name;
    private final ServedPolicy policy;
    private final HuggingFaceTokenizer tokenizer;
    private final int contextLength;
    private final List<Integer> endTokens;
    private final @Nullable ChatTemplate template;

    private EmbeddedJudge(
            String name,
            ServedPolicy policy,
            HuggingFaceTokenizer tokenizer,
            int contextLength,
            List<Integer> endTokens,
            @Nullable ChatTemplate template) {
        this.name = name;
        this.policy = policy;
        this.tokenizer = tokenizer;
        this.contextLength = contextLength;
        this.endTokens = endTokens;
        this.template = template;
    }

    /**
     * Opens a Hugging Face folder.
     *
     * @param time for deadlines, and for chat templates that insert today's date
     * @throws PolicyException if the folder is unusable
     */
    public static EmbeddedJudge open(Path folder, PolicyOptions options, Time time) {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
        ServedPolicy policy = new ServedPolicy("judge-policy", options, LOADING, PolicyFetch.folder(), time);
        try {
            int contextLength = ModelConfig.read(folder).maxPositions();
            List<Integer> endTokens = EndTokens.read(folder, tokenizer);
            ChatTemplate template = ChatTemplate.find(folder, time).orElse(null);
            policy.swap(new PublishedWeights("judge", 0, folder.toString(), Map.of()));
            return new EmbeddedJudge(name(folder), policy, tokenizer, contextLength, endTokens, template);
        } catch (RuntimeException e) {
            policy.close();
            tokenizer.close();
            throw e;
        }
    }

    /** The folder and a summary of its weight files: verdicts of previous weights in the same folder are not reused. */
    private static String name(Path folder) {
        StringBuilder name =
                new StringBuilder("policy ").append(folder.toAbsolutePath().normalize());
        try (DirectoryStream<Path> weights = Files.newDirectoryStream(folder, "*.safetensors")) {
            TreeSet<String> files = new TreeSet<>();
            for (Path file : weights) {
                files.add(file.getFileName() + " " + Files.size(file) + " " + Files.getLastModifiedTime(file));
            }
            return name.append(' ').append(files).toString();
        } catch (IOException e) {
            throw new PolicyException("cannot read the folder " + folder, e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public JudgeAnswer ask(JudgeRequest request) throws InterruptedException {
        TokenArray prompt = prompt(request);
        int room = Math.min(request.maxTokens(), contextLength - prompt.length());
        if (room < 1) {
            throw new JudgeFailure(
                    Kind.LASTING,
                    "the question has " + prompt.length() + " tokens, and the judge's model takes no more than "
                            + contextLength + " with its answer");
        }
        SamplingParameters sampling =
                new SamplingParameters(request.temperature(), request.topP(), 0, 0, 0, room, endTokens);
        CompletableFuture<List<List<Completion>>> answer =
                policy.generate(List.of(new GenerationRequest(prompt, List.of(request.seed()), sampling)));
        try {
            Completion sample = answer.get(request.deadline().toNanos(), TimeUnit.NANOSECONDS)
                    .get(0)
                    .get(0);
            return new JudgeAnswer(
                    tokenizer.decode(spoken(sample.tokens())),
                    prompt.length(),
                    sample.tokens().length());
        } catch (TimeoutException e) {
            throw new JudgeFailure(
                    Kind.TIMEOUT,
                    "the judge's model did not answer within "
                            + request.deadline().toMillis() + " ms");
        } catch (ExecutionException e) {
            boolean passing = e.getCause() instanceof ForetellException known && known.code() == ErrorCode.UNAVAILABLE;
            throw new JudgeFailure(passing ? Kind.PASSING : Kind.LASTING, "the judge's model failed: " + e.getCause());
        } finally {
            answer.cancel(false);
        }
    }

    private TokenArray prompt(JudgeRequest request) {
        if (template == null) {
            String text = request.messages().stream()
                    .map(JudgeRequest.Message::content)
                    .collect(Collectors.joining("\n\n", "", "\n"));
            return tokenizer.begin().concat(tokenizer.encode(text));
        }
        try {
            return tokenizer.encode(template.render(
                    Json.mapper().valueToTree(request.messages()),
                    null,
                    true,
                    Json.mapper().createObjectNode()));
        } catch (RuntimeException e) {
            throw new JudgeFailure(Kind.LASTING, "the judge's chat template refuses the question: " + e.getMessage());
        }
    }

    private TokenArray spoken(TokenArray tokens) {
        boolean ended = !tokens.isEmpty() && endTokens.contains(tokens.at(tokens.length() - 1));
        return ended ? tokens.slice(0, tokens.length() - 1) : tokens;
    }

    @Override
    public void close() {
        policy.close();
        tokenizer.close();
    }
}
