package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.Options;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.losses.AdvantageEstimator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * PretrainZero, Reinforcement Active Pretraining (arXiv 2512.03442): one policy in two roles on plain paragraphs. The
 * generator thinks and names a span worth hiding; the predictor sees the paragraph without it, thinks, and states it.
 *
 * <pre>
 * m_k  ~ pi(. | s),             k = 1..K     the last \mask{} after the thought, on the paragraph s
 * y_ki ~ pi(. | s without m_k), i = 1..G     the last \boxed{} after the thought
 * r_pred(k,i) = 1 if y_ki = m_k, else 0      both in Unicode form C, trimmed
 * acc_k       = (1/G) sum_i r_pred(k,i)
 * r_gen(k)    = 1 - acc_k if acc_k &gt; 0, else 0; 0 for a mask that is not valid
 * A = (r - mean) / std per group             K masks of one paragraph, or G answers to one mask: adv_estimator grpo
 * </pre>
 *
 * <p>A mask is valid if it occurs in the paragraph verbatim, fewer than {@code occurrences_below} times; all occurrences
 * are hidden. Prediction groups that are all right or all wrong are left out of the update; both roles are updated in one
 * step, every response with the same weight. No KL; the clip is raised above ({@code learner.clip_ratio_high} 0.28).
 *
 * <p>A proposal's group spawns a prediction task for each valid mask ({@link #subtasks}) and waits for the answers;
 * together they count as one group of {@code prompts_per_step}. A mask whose answers were lost has no reward, which is
 * not 0.
 *
 * <p>Where the paper is silent: invalid masks earn 0 and are not predicted, but stay in their group; equal masks are
 * predicted once each; a paragraph is the document, or a random window of {@code max_prompt_length} tokens if that is
 * longer; a paragraph that contains the marker is left out.
 *
 * <p>The baselines, selected by {@code masks}, have no generator. {@code random} hides a span of random position and
 * length (the "Random RLPT" of the paper's tables). {@code entropy} hides one token and cuts off the text after it; the
 * token is drawn from the {@code entropy_share} of the paragraph's tokens with the highest entropy under the model
 * {@code proxy}. The paper uses the model being trained. Here the code that cuts tasks has no access to it, so the
 * model is a fixed one, such as the initial policy ({@code policy.path}).
 *
 * <p>Options:
 *
 * <ul>
 *   <li>{@code masks}: {@code proposed}, {@code random} or {@code entropy}.
 *   <li>{@code masks_per_paragraph}: K (8). G is {@code rollout.n}.
 *   <li>{@code occurrences_below}: a span must occur in the paragraph fewer times than this (8).
 *   <li>{@code max_mask_length}: maximum tokens of a mask, 0 for no limit (0).
 *   <li>{@code random_mask_length}: maximum tokens of a random mask, whose length is uniform from 1 (8).
 *   <li>{@code proxy}: a Hugging Face folder with the policy's vocabulary, for {@code masks: entropy}; with it {@code
 *       entropy_share}, the share of tokens to draw from (0.2), and {@code entropy_top_k}, the number of most likely
 *       tokens, renormalised, that the entropy is over (16, as in {@link Rpt}).
 *   <li>{@code min_paragraph}: minimum tokens of a paragraph (8).
 *   <li>{@code generator_prompt}, {@code predictor_prompt}: two texts each, before and after the paragraph.
 *   <li>{@code marker}: shown in place of a hidden span, {@code [mask]}.
 *   <li>{@code mask}, {@code box}: two texts each that enclose a mask, {@code ["\mask{", "}"]}, and an answer,
 *       {@code ["\boxed{", "}"]}.
 *   <li>{@code open}, {@code close}: the tags of a thought, each one token of the vocabulary.
 * </ul>
 */
public final class PretrainZero implements Objective {
    public static final String NAME = "pretrainzero";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "hidden spans, proposed and predicted by one policy",
            "The policy names a span worth hiding, then reasons to restore it; a mask earns more the "
                    + "fewer predictions solve it. PretrainZero (arXiv 2512.03442).",
            List.of(
                    "masks",
                    "masks_per_paragraph",
                    "occurrences_below",
                    "max_mask_length",
                    "random_mask_length",
                    "proxy",
                    "entropy_share",
                    "entropy_top_k",
                    "min_paragraph",
                    "generator_prompt",
                    "predictor_prompt",
                    "marker",
                    "mask",
                    "box",
                    "open",
                    "close"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new PretrainZero(settings);
        }
    }

    private static final String QUESTIONS = "held-out";
    private static final String VALID = "mask_valid";
    private static final String CORRECT = "correct";

    private static final List<String> GENERATOR = List.of(
            "Read the passage.\n\n",
            "\n\nChoose a name, term or fact in it, a few words long, that a careful reader could work out from everything"
                    + " else, though not at once. Think about it, then copy it exactly as it stands into \\mask{...}.\n");
    private static final List<String> PREDICTOR = List.of(
            "Something in this passage is hidden behind [mask], every time it occurs.\n\n",
            "\n\nReason from what is left to what must stand there, then write exactly that as \\boxed{...}.\n");

    private final ObjectiveSettings settings;
    private final Tokenizer tokenizer;
    private final boolean proposes;
    private final int masks;
    private final int minParagraph;
    private final Masking masking;
    private final DrawnMasks drawn;
    private final List<TokenArray> generator;
    private final List<TokenArray> predictor;
    private final AnswerExtractor mask;
    private final AnswerExtractor box;
    private final ThinkingTags tags;

    public PretrainZero(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.settings = settings;
        this.tokenizer = settings.tokenizer();
        String kind = options.choice("masks", List.of("proposed", "random", "entropy"));
        this.proposes = kind.equals("proposed");
        this.masks = options.integer("masks_per_paragraph", 8, 2);
        this.minParagraph = options.integer("min_paragraph", 8, 2);
        this.masking = new Masking(
                tokenizer,
                options.text("marker", "[mask]"),
                options.integer("occurrences_below", 8, 2) - 1,
                options.integer("max_mask_length", 0, 0));
        this.drawn = new DrawnMasks(options, settings, masking, kind.equals("entropy"));
        this.generator = options.pair("generator_prompt", GENERATOR).stream()
                .map(this::encode)
                .toList();
        this.predictor = options.pair("predictor_prompt", PREDICTOR).stream()
                .map(this::encode)
                .toList();
        this.tags = ThinkingTags.read(options, tokenizer);
        this.mask = new AnswerExtractor(tokenizer, tags.close(), options.enclosure("mask", List.of("\\mask{", "}")));
        this.box = new AnswerExtractor(tokenizer, tags.close(), options.enclosure("box", List.of("\\boxed{", "}")));
        options.refuseUnknown();
        settings.requireGroups(NAME);
    }

    private TokenArray encode(String text) {
        return text.isEmpty() ? TokenArray.EMPTY : tokenizer.encode(text);
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public String rewardUnit() {
        return "right predictions and hard masks, 0 to 1";
    }

    /**
     * A proposal has an empty prompt; its paragraph is the target. A prediction has the masked paragraph as its prompt.
     */
    private static boolean isProposal(TokenArray prompt) {
        return prompt.isEmpty();
    }

    @Override
    public String role(Task task) {
        return isProposal(task.prompt()) ? "proposal" : "prediction";
    }

    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        Optional<String> paragraph = paragraph(tokens, random);
        if (proposes) {
            return paragraph.map(text -> new Example(TokenArray.EMPTY, tokenizer.encode(text))).stream()
                    .toList();
        }
        return paragraph.flatMap(text -> drawn.draw(text, random)).map(this::prediction).stream()
                .toList();
    }

    /** Hides the last token of a question (domain {@code held-out}), and a random span of other documents. */
    @Override
    public List<Example> heldOutExamples(Document document, TokenArray tokens, RandomGenerator random) {
        return paragraph(tokens, random)
                .flatMap(text -> document.domain().equals(QUESTIONS) ? drawn.last(text) : drawn.span(text, random))
                .map(this::prediction)
                .stream()
                .toList();
    }

    /** The text that a task is about, in normal form; empty if it is too short or contains the marker. */
    private Optional<String> paragraph(TokenArray tokens, RandomGenerator random) {
        TokenArray text = tokenizer.withoutEnds(tokens);
        int from = random.nextInt(Math.max(0, text.length() - settings.maxPromptLength()) + 1);
        TokenArray window = text.slice(from, Math.min(text.length(), from + settings.maxPromptLength()));
        String paragraph = Masking.normal(tokenizer.decode(window).replace(Tokenizer.REPLACEMENT, ""));
        boolean isLong = encode(paragraph).length() >= minParagraph;
        return isLong && masking.suits(paragraph) ? Optional.of(paragraph) : Optional.empty();
    }

    private Example prediction(Masking.Masked masked) {
        return new Example(tokenizer.encode(masked.text()), tokenizer.encode(masked.span()));
    }

    @Override
    public int maxRollouts(int groupSize) {
        return proposes ? masks + masks * groupSize : groupSize;
    }

    @Override
    public Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
        return Optional.of(new SamplingPlan(
                context(prompt, target),
                isProposal(prompt) ? masks : settings.groupSize(),
                settings.temperature(),
                1,
                settings.maxResponseLength(),
                tokenizer.endToken(),
                false));
    }

    private TokenArray context(TokenArray prompt, TokenArray target) {
        List<TokenArray> texts = isProposal(prompt) ? generator : predictor;
        TokenArray paragraph = isProposal(prompt) ? target : prompt;
        return tokenizer
                .begin()
                .concat(texts.get(0))
                .concat(paragraph)
                .concat(texts.get(1))
                .append(tags.open());
    }

    @Override
    public boolean hasAnswerInResponse() {
        return true;
    }

    /** The hidden span, in a box right after an empty thought. */
    @Override
    public Example withoutThought(Example example) {
        TokenArray boxed = encode(box.enclosure().get(0));
        TokenArray context = context(example.prompt(), example.target());
        return new Example(context.append(box.close()).concat(boxed), example.target());
    }

    @Override
    public CompletionStage<List<Reward>> reward(
            Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
        String text = tokenizer.decode(example.target());
        return CompletableFuture.completedFuture(responses.stream()
                .map(rollout -> isProposal(example.prompt())
                        ? proposed(text, mask.extract(rollout.response()))
                        : predicted(text, box.extract(rollout.response())))
                .toList());
    }

    /** 0 until the predictor's answers are known. */
    private Reward proposed(String paragraph, Optional<String> span) {
        double occurrences =
                span.map(m -> Masking.occurrences(paragraph, Masking.normal(m))).orElse(0);
        double valid = span.flatMap(m -> masking.mask(paragraph, m)).isPresent() ? 1 : 0;
        return Reward.of(0, Map.of(VALID, valid, "occurrences", occurrences));
    }

    private static Reward predicted(String span, Optional<String> answer) {
        double correct =
                answer.map(Masking::normal).filter(Masking.normal(span)::equals).isPresent() ? 1 : 0;
        return Reward.of(correct, Map.of(CORRECT, correct, "boxed", answer.isPresent() ? 1.0 : 0.0));
    }

    @Override
    public List<Example> subtasks(ScoredGroup group) {
        return isProposal(group.task().prompt())
                ? masks(group).stream()
                        .flatMap(Optional::stream)
                        .map(this::prediction)
                        .toList()
                : List.of();
    }

    /** The mask of each proposal, in order; empty for an invalid one. */
    private List<Optional<Masking.Masked>> masks(ScoredGroup group) {
        String paragraph = tokenizer.decode(group.task().target());
        return group.group().rollouts().stream()
                .map(rollout -> mask.extract(rollout.response()).flatMap(span -> masking.mask(paragraph, span)))
                .toList();
    }

    @Override
    public ScoredGroup finalRewards(ScoredGroup group, List<Optional<ScoredGroup>> children) {
        List<Optional<Masking.Masked>> masks = masks(group);
        int[] predicted = IntStream.range(0, masks.size())
                .filter(k -> masks.get(k).isPresent())
                .toArray();
        boolean matches = children.size() == predicted.length; // false if the options have changed
        List<Reward> rewards = new ArrayList<>(group.rewards());
        for (int child = 0; child < predicted.length; child++) {
            Reward before = rewards.get(predicted[child]);
            if (before.isOk()) {
                Optional<ScoredGroup> answers = matches ? children.get(child) : Optional.empty();
                rewards.set(predicted[child], generatorReward(before, answers));
            }
        }
        return group.withRewards(rewards);
    }

    /** r_gen of a valid mask. */
    private static Reward generatorReward(Reward before, Optional<ScoredGroup> predictions) {
        OptionalDouble accuracy = predictions.stream()
                .flatMap(group -> group.rewards().stream())
                .filter(Reward::isOk)
                .mapToDouble(reward -> reward.components().getOrDefault(CORRECT, 0.0))
                .average();
        if (accuracy.isEmpty()) {
            return Reward.failed("the predictions of this mask were lost");
        }
        double solved = accuracy.getAsDouble();
        Map<String, Double> components = new TreeMap<>(before.components());
        components.put("accuracy", solved);
        return Reward.of(before.total() + (solved > 0 ? 1 - solved : 0), components);
    }

    /** Empty for predictions that are all right or all wrong. */
    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        double[] advantages = estimator.advantages(group);
        boolean teaches = Arrays.stream(advantages).anyMatch(advantage -> advantage != 0);
        return teaches || isProposal(group.task().prompt()) ? Experience.policyGradient(group, advantages) : List.of();
    }
}
