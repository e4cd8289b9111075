package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.Futures;
import io.foretell.domain.Options;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.domain.Verdict;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.SentenceReference.Known;
import io.foretell.objectives.Sentences.SentenceRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * RLPT, Reinforcement Learning on Pre-Training Data (Li et al., arXiv 2509.19249): the model thinks, then writes the
 * next sentence of a document (ASR), or a hidden sentence given the text before it and the sentence after it (MSR).
 *
 * <pre>
 * ASR  o ~ pi_theta(. | s_&lt;i)            MSR  o ~ pi_theta(. | s_&lt;i, mask, s_i+1)
 * r(o) = 1 if what o states means a beginning of the reference, as a judge says; else 0
 * J    = E_ASR[r] + lambda E_MSR[r]      GRPO: learner.adv_estimator grpo, run.mode sync, no KL
 * </pre>
 *
 * <p>The reference of ASR is the sentence plus the {@code reference_sentences} - 1 sentences after it (the paper's
 * relaxed reward; its strict one accepts only the sentence itself); the reference of MSR is the hidden sentence. A
 * response without text between the markers earns 0, component {@code missing_markers}.
 *
 * <p>Where we differ or the paper is silent:
 *
 * <ul>
 *   <li>One visit of a document asks for one sentence: with probability lambda / (1 + lambda) a middle one, which gives
 *       J up to a constant. MSR never draws the last sentence, because nothing follows it.
 *   <li>Sentences are those of {@link Sentences}, where the paper takes NLTK's.
 *   <li>The judge is not asked if the answer is already known. A prediction that equals the reference's text up to the
 *       end of a sentence is right, component {@code exact_prefix}. Empty predictions, predictions whose sentences all
 *       occur in the prompt, and overlong ones are wrong, components {@code empty_prediction}, {@code
 *       copied_prediction} and {@code overlong_prediction} ({@link SentenceReference}).
 *   <li>A missing verdict means no reward, never 0.
 * </ul>
 *
 * <p>Options; the paper gives no values for the first five:
 *
 * <ul>
 *   <li>{@code lambda}: weight of MSR, 0 to 1 (0.5).
 *   <li>{@code reference_sentences}: sentences of ASR's reference (3).
 *   <li>{@code min_sentence_length}: minimum characters of a target sentence (20).
 *   <li>{@code min_prefix}: minimum sentences before it (1).
 *   <li>{@code longest_prediction}: a prediction longer than this multiple of the reference, in characters, is overlong
 *       (2).
 *   <li>{@code strict}: whether the prediction must mean exactly the sentence (false). The judge is then asked in both
 *       directions: is the prediction a prefix of the sentence, and the sentence a prefix of the prediction?
 *   <li>{@code verdict}: {@code judge}, or {@code rule}: without an exact match a prediction is wrong, and no judge is
 *       needed.
 *   <li>{@code next_prompt}: two texts, before and after the preceding text; none by default.
 *   <li>{@code middle_prompt}: three texts, before the preceding text, between it and the following text (the mask),
 *       and after that: {@code ["", "<MASK>", ""]}.
 *   <li>{@code markers}: two texts that enclose the prediction. If the second is a token of the vocabulary, it ends the
 *       response; otherwise end-of-text does.
 *   <li>{@code abbreviations}: full stops after these do not end a sentence; replaces the English default list.
 *   <li>{@code open}, {@code close}: the tags of a thought, each one token of the vocabulary.
 * </ul>
 */
public final class Rlpt implements Objective {
    public static final String NAME = "rlpt";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "next sentences, judged by their meaning",
            "The model thinks, then writes the next sentence or a hidden one, and a judge compares it "
                    + "with the text. RLPT (Li et al., arXiv 2509.19249).",
            List.of(
                    "lambda",
                    "reference_sentences",
                    "min_sentence_length",
                    "min_prefix",
                    "longest_prediction",
                    "strict",
                    "verdict",
                    "next_prompt",
                    "middle_prompt",
                    "markers",
                    "abbreviations",
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
            return new Rlpt(settings);
        }
    }

    static final String JUDGE = "semantic_prefix";

    private static final List<String> MARKERS = List.of("<|startofprediction|>", "<|endofprediction|>");

    private final ObjectiveSettings settings;
    private final Tokenizer tokenizer;
    private final double lambda;
    private final int referenceSentences;
    private final int minSentenceLength;
    private final int minPrefix;
    private final double longest;
    private final boolean strict;
    private final boolean judged;
    private final List<TokenArray> nextPrompt;
    private final List<TokenArray> middlePrompt;
    private final String mask;
    private final ThinkingTags tags;
    private final int stop;
    private final AnswerExtractor prediction;
    private final Sentences sentences;

    public Rlpt(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.settings = settings;
        this.tokenizer = settings.tokenizer();
        this.lambda = options.number("lambda", 0.5, 0, 1);
        this.strict = options.flag("strict", false);
        this.referenceSentences = options.integer("reference_sentences", strict ? 1 : 3, 1);
        this.minSentenceLength = options.integer("min_sentence_length", 20, 1);
        this.minPrefix = options.integer("min_prefix", 1, 1);
        this.longest = options.number("longest_prediction", 2, 1, Integer.MAX_VALUE);
        this.judged = options.choice("verdict", List.of("judge", "rule")).equals("judge");
        this.nextPrompt = encode(options.texts("next_prompt", List.of("", "")));
        List<String> middle = options.texts("middle_prompt", List.of("", "<MASK>", ""));
        this.middlePrompt = encode(middle);
        this.mask = middle.get(1).strip();
        this.tags = ThinkingTags.read(options, tokenizer);
        List<String> markers = options.enclosure("markers", MARKERS);
        this.prediction = new AnswerExtractor(tokenizer, tags.close(), markers);
        this.stop = tokenizer.idOf(markers.get(1)).orElse(tokenizer.endToken());
        List<String> abbreviations = options.texts("abbreviations");
        this.sentences = new Sentences(abbreviations.isEmpty() ? Sentences.ABBREVIATIONS : abbreviations);
        options.refuseUnknown();
        if (mask.isEmpty()) {
            throw new IllegalArgumentException(
                    "phases: option 'middle_prompt' of objective 'rlpt' has nothing as its second text, the mask");
        }
        if (strict && referenceSentences > 1) {
            throw new IllegalArgumentException(
                    "phases: objective 'rlpt' with 'strict' has one sentence as reference, so"
                            + " 'reference_sentences' cannot be " + referenceSentences);
        }
        settings.requireGroups(NAME);
    }

    private List<TokenArray> encode(List<String> texts) {
        return texts.stream().map(tokenizer::encode).toList();
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public String rewardUnit() {
        return "right or wrong, 1 or 0";
    }

    /** {@code asr} or {@code msr}, depending on the mask. */
    @Override
    public String role(Task task) {
        return task.prompt().contains(middlePrompt.get(1)) ? "msr" : "asr";
    }

    @Override
    public List<String> judgeRoles() {
        return judged ? List.of(JUDGE) : List.of();
    }

    /**
     * One sentence, uniform over those that are long enough, with {@code min_prefix} before it and, for MSR, one after
     * it.
     *
     * @return empty if the text contains the mask
     */
    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        String text = document.text();
        if (text.contains(mask)) {
            return List.of();
        }
        List<SentenceRange> spans = sentences.split(text);
        boolean middle = random.nextDouble() < lambda / (1 + lambda);
        int[] asked = IntStream.range(minPrefix, middle ? spans.size() - 1 : spans.size())
                .filter(i -> isLongEnough(spans.get(i).of(text)))
                .toArray();
        if (asked.length == 0) {
            return List.of();
        }
        int i = asked[random.nextInt(asked.length)];
        String before = text.substring(0, spans.get(i - 1).to());
        if (middle) {
            String hidden = spans.get(i).of(text);
            return List.of(new Example(middle(before, spans.get(i + 1).of(text)), tokenizer.encode(hidden)));
        }
        int last = Math.min(i + referenceSentences, spans.size()) - 1;
        String reference = text.substring(spans.get(i).from(), spans.get(last).to());
        return List.of(new Example(next(before), tokenizer.encode(reference)));
    }

    private boolean isLongEnough(String sentence) {
        return sentence.codePointCount(0, sentence.length()) >= minSentenceLength;
    }

    private TokenArray next(String before) {
        TokenArray shown = tokenizer.encode(before).last(settings.maxPromptLength());
        return tokenizer.begin().concat(nextPrompt.get(0)).concat(shown).concat(nextPrompt.get(1));
    }

    /** The following text gets at most half of the room. */
    private TokenArray middle(String before, String after) {
        int room = settings.maxPromptLength();
        TokenArray following = tokenizer.encode(after);
        following = following.slice(0, Math.min(following.length(), room / 2));
        TokenArray shown = tokenizer.encode(before).last(room - following.length());
        return tokenizer
                .begin()
                .concat(middlePrompt.get(0))
                .concat(shown)
                .concat(middlePrompt.get(1))
                .concat(following)
                .concat(middlePrompt.get(2));
    }

    @Override
    public Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
        return Optional.of(new SamplingPlan(
                prompt.append(tags.open()),
                settings.groupSize(),
                settings.temperature(),
                1,
                settings.maxResponseLength(),
                stop,
                false));
    }

    @Override
    public boolean hasAnswerInResponse() {
        return true;
    }

    @Override
    public CompletionStage<List<Reward>> reward(
            Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
        String before = tokenizer.decode(tokenizer.withoutBegin(example.prompt()));
        String reference = tokenizer.decode(example.target());
        SentenceReference compared = new SentenceReference(sentences, before, reference, longest);
        List<CompletableFuture<Reward>> rewards = new ArrayList<>();
        for (Rollout rollout : responses) {
            Optional<String> stated =
                    prediction.extract(rollout.response()).filter(text -> !text.contains(Tokenizer.REPLACEMENT));
            Optional<Known> known = compared.known(stated);
            rewards.add(
                    known.isPresent() || !judged
                            ? CompletableFuture.completedFuture(byRule(known))
                            : byJudge(before, reference, stated.orElseThrow().strip(), scorer));
        }
        return Futures.all(rewards);
    }

    private static Reward byRule(Optional<Known> known) {
        return Reward.of(known.map(why -> why.reward).orElse(0.0), components(known));
    }

    private static Map<String, Double> components(Optional<Known> known) {
        Map<String, Double> components = new HashMap<>();
        for (Known why : Known.values()) {
            components.put(why.name().toLowerCase(Locale.ROOT), known.equals(Optional.of(why)) ? 1.0 : 0.0);
        }
        return components;
    }

    private CompletableFuture<Reward> byJudge(String context, String reference, String stated, Scorer scorer) {
        CompletableFuture<Verdict> verdict = isBeginning(context, reference, stated, scorer);
        if (strict) {
            verdict = verdict.thenCompose(one -> one.status() != RewardStatus.OK || one.score() == 0
                    ? CompletableFuture.completedFuture(one)
                    : isBeginning(context, stated, reference, scorer).thenApply(other -> both(one, other)));
        }
        return verdict.thenApply(found -> {
            Map<String, Double> components = components(Optional.empty());
            if (found.status() != RewardStatus.OK) {
                return new Reward(0, components, found.status(), found.reason());
            }
            components.put(JUDGE, found.score());
            return Reward.of(found.score(), components);
        });
    }

    private static CompletableFuture<Verdict> isBeginning(
            String context, String reference, String stated, Scorer scorer) {
        Map<String, String> material = Map.of("context", context, "reference", reference, "prediction", stated);
        return scorer.judge(JUDGE, material).toCompletableFuture();
    }

    private static Verdict both(Verdict one, Verdict other) {
        return other.status() == RewardStatus.OK
                ? new Verdict(RewardStatus.OK, one.score() * other.score(), other.reason())
                : other;
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        return Experience.policyGradient(group, estimator.advantages(group));
    }
}
