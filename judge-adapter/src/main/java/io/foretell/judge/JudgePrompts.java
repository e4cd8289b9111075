package io.foretell.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foretell.platform.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One prompt per role. Immutable. */
final class JudgePrompts {
    private static final List<String> BUILT_IN =
            List.of("quality", "safety", "factuality", "semantic_prefix", "rubric", "rewriter", "thinker");
    private static final ObjectMapper YAML =
            Json.yaml().copy().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private final Map<String, JudgePrompt> byRole;

    private JudgePrompts(Map<String, JudgePrompt> byRole) {
        this.byRole = byRole;
    }

    /** Those that Foretell brings: the files of {@code configs/judges}. */
    static JudgePrompts builtIn() {
        Map<String, JudgePrompt> found = new TreeMap<>();
        for (String role : BUILT_IN) {
            String name = "/judges/" + role + ".yaml";
            try (InputStream input = JudgePrompts.class.getResourceAsStream(name)) {
                if (input == null) {
                    throw new IllegalStateException("the prompt " + name + " is missing from the build");
                }
                add(found, name, new String(input.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new IllegalStateException("cannot read " + name, e);
            }
        }
        return new JudgePrompts(found);
    }

    /**
     * All files {@code *.yaml} of a folder.
     *
     * @throws IllegalArgumentException with a sentence for the user, when one of them cannot be used
     */
    static JudgePrompts open(Path folder) {
        Map<String, JudgePrompt> found = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.yaml")) {
            for (Path file : files) {
                add(found, file.toString(), Files.readString(file));
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("reward.judge.prompts: cannot read the folder " + folder, e);
        }
        return new JudgePrompts(found);
    }

    private static void add(Map<String, JudgePrompt> found, String file, String text) {
        try {
            JudgePrompt prompt = YAML.readValue(text, JudgePrompt.Source.class).prompt(file);
            if (found.put(prompt.role(), prompt) != null) {
                throw new IllegalArgumentException(file + ": a second prompt of the role '" + prompt.role() + "'");
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    @Nullable
    JudgePrompt prompt(String role) {
        return byRole.get(role);
    }

    Iterable<String> roles() {
        return byRole.keySet();
    }
}
