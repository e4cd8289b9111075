package io.foretell.objectives;

import io.foretell.domain.FloatArray;
import io.foretell.domain.Options;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Random masks, without a generator: PretrainZero's baselines and its held-out questions. Immutable. */
final class DrawnMasks {
    private static final int DRAWS = 16;

    private final Tokenizer tokenizer;
    private final Masking masking;
    private final int randomLength;
    private final @Nullable ProxyModel proxy;
    private final double entropyShare;
    private final int entropyTopK;

    /** @param byEntropy whether the options must name a proxy model for entropies; otherwise they must not */
    DrawnMasks(Options options, ObjectiveSettings settings, Masking masking, boolean byEntropy) {
        if (!byEntropy) {
            options.refuseWithout("masks: entropy", "proxy", "entropy_share", "entropy_top_k");
        }
        this.tokenizer = settings.tokenizer();
        this.masking = masking;
        this.randomLength = options.integer("random_mask_length", 8, 1);
        this.entropyShare = options.number("entropy_share", 0.2, 0, 1);
        this.entropyTopK = options.integer("entropy_top_k", 16, 2);
        this.proxy = settings.proxy(options);
        if (byEntropy && proxy == null) {
            throw new IllegalArgumentException(
                    "phases: option 'masks' of objective 'pretrainzero' is entropy, so name in"
                            + " option 'proxy' the Hugging Face folder of a model to take entropies from");
        }
    }

    /** A random mask of the configured kind. */
    Optional<Masking.Masked> draw(String paragraph, RandomGenerator random) {
        return proxy == null ? span(paragraph, random) : openToken(paragraph, proxy, random);
    }

    /** A span of random position and length. */
    Optional<Masking.Masked> span(String paragraph, RandomGenerator random) {
        TokenArray tokens = tokenizer.encode(paragraph);
        return firstOf(() -> {
            int length = random.nextInt(1, Math.min(randomLength, tokens.length() - 1) + 1);
            int from = random.nextInt(tokens.length() - length + 1);
            return masking.mask(paragraph, tokenizer.decode(tokens.slice(from, from + length)));
        });
    }

    /** The last token. */
    Optional<Masking.Masked> last(String paragraph) {
        return masking.mask(
                paragraph, tokenizer.decode(tokenizer.encode(paragraph).last(1)));
    }

    /** One of the tokens with the highest entropy under the model; the text after it is cut off. */
    private Optional<Masking.Masked> openToken(String paragraph, ProxyModel model, RandomGenerator random) {
        TokenArray tokens = tokenizer.encode(paragraph);
        FloatArray entropies = model.entropies(tokens, entropyTopK);
        List<Integer> open = IntStream.range(1, tokens.length())
                .boxed()
                .sorted((a, b) -> Float.compare(entropies.at(b), entropies.at(a)))
                .limit(Math.max(1, (long) Math.ceil(entropyShare * (tokens.length() - 1))))
                .toList();
        return firstOf(() -> {
            int at = open.get(random.nextInt(open.size()));
            String shown = tokenizer.decode(tokens.slice(0, at + 1));
            String token = tokenizer.decode(tokens.slice(at, at + 1));
            return token.contains(Tokenizer.REPLACEMENT) ? Optional.empty() : masking.end(shown, token);
        });
    }

    /** The first draw that is a valid mask; empty if sixteen in a row are not. */
    private static Optional<Masking.Masked> firstOf(Supplier<Optional<Masking.Masked>> draw) {
        return Stream.generate(draw).limit(DRAWS).flatMap(Optional::stream).findFirst();
    }
}
