package io.foretell.tests;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A command as the manual writes it, on one line. Immutable.
 *
 * @param page where it stands
 */
record ManualCommand(String page, String text) {
    private static final Pattern WORD = Pattern.compile("(?:[^\\s'\"]|'[^']*'|\"[^\"]*\")+");
    private static final Pattern INLINE = Pattern.compile("(?:\\./foretell|mvn|curl|python) .*");

    /** The commands of a page: lines of its blocks of {@code sh}, and whole commands in its prose. */
    static List<ManualCommand> of(Manual.Page page) {
        Stream<String> lines = page.blocks().stream()
                .filter(block -> block.language().equals("sh"))
                .flatMap(block -> block.text().replaceAll("\\\\\\n\\s*", "").lines())
                .map(line -> line.replaceAll("(^|\\s+)#.*$", "").strip())
                .filter(line -> !line.isEmpty());
        Stream<String> spans = page.spans().stream()
                .filter(span -> INLINE.matcher(span).matches())
                .map(span -> span.replace("\\|", "|"));
        return Stream.concat(lines, spans)
                .map(text -> new ManualCommand(page.toString(), text))
                .toList();
    }

    /** Its words, as a shell would hand them over. */
    List<String> words() {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(text);
        while (matcher.find()) {
            words.add(unquoted(matcher.group()));
        }
        return words;
    }

    private static String unquoted(String word) {
        StringBuilder text = new StringBuilder();
        char quote = 0;
        for (char c : word.toCharArray()) {
            if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == quote) {
                quote = 0;
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    boolean is(String pattern) {
        return text.matches(pattern);
    }

    @Override
    public String toString() {
        return page + ": " + text;
    }
}
