package io.foretell.sources;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** The wording of {@link ChainCorpus} documents: pairs, questions and answers. */
enum ChainWording {
    /** {@code x2=3 so x3 is <think> x3=1 </think> 1} */
    PLAIN("x", "", " so x%d is", " %d", "%s") {
        @Override
        List<String> vocabulary() {
            return words(List.of("so", "is"), "x%d", "%d");
        }
    },
    /** {@code x2=3 so x3 is <think> x3=1 </think> \boxed{ 1}} */
    BOXED("x", "", " so x%d is", " %d", " \\boxed{%s}") {
        @Override
        List<String> vocabulary() {
            List<String> words = PLAIN.vocabulary();
            words.add("\\boxed{");
            IntStream.range(0, ChainCorpus.VALUES).forEach(value -> words.add(value + "}"));
            return words;
        }
    },
    /** {@code X2=3. What is X3? <think> X3=1. </think> <|startofprediction|> It is 1. <|endofprediction|>} */
    SENTENCES("X", ".", " What is X%d?", " It is %d.", " <|startofprediction|>%s <|endofprediction|>") {
        @Override
        List<String> vocabulary() {
            return words(
                    List.of("What", "is", "It", MASK, "<|startofprediction|>", "<|endofprediction|>"), "X%d?", "%d.");
        }
    };

    /** Marks a hidden sentence. */
    static final String MASK = "<MASK>";

    private final String variable;
    private final String end;
    private final String question;
    private final String answer;
    private final String stated;

    ChainWording(String variable, String end, String question, String answer, String stated) {
        this.variable = variable;
        this.end = end;
        this.question = question;
        this.answer = answer;
        this.stated = stated;
    }

    /** Every word of its documents except tags. */
    abstract List<String> vocabulary();

    String pair(int of, int value) {
        return variable + of + "=" + value + end;
    }

    /** The question for a variable, with a leading space. */
    String question(int of) {
        return question.formatted(of);
    }

    /** With a leading space. */
    String answer(int value) {
        return answer.formatted(value);
    }

    /** The answer after a thought, with a leading space. */
    String stated(int value) {
        return stated.formatted(answer(value));
    }

    /** @param variables format of a variable without a value */
    List<String> words(List<String> fixed, String variables, String values) {
        List<String> words = new ArrayList<>(fixed);
        add(words, ChainCorpus.VARIABLES, variables::formatted);
        add(words, ChainCorpus.VALUES, values::formatted);
        for (int of = 0; of < ChainCorpus.VARIABLES; of++) {
            int each = of;
            add(words, ChainCorpus.VALUES, value -> pair(each, value));
        }
        return words;
    }

    private static void add(List<String> words, int count, IntFunction<String> word) {
        IntStream.range(0, count).mapToObj(word).forEach(words::add);
    }
}
