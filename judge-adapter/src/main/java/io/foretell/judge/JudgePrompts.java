package io.foretell.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foretell.platform.Json;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One prompt per role. Immutable. */
public final class JudgePrompts {
    private static final ObjectMapper YAML =
            Json.yaml().copy().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private final Map<String, JudgePrompt> byRole;

    private JudgePrompts(Map<String, JudgePrompt> byRole) {
        this.byRole = byRole;
    }

    /** The built-in prompts: the files of {@code configs/judges}, which the build puts on the class path. */
    public static JudgePrompts builtIn() {
        return BuiltIn.PROMPTS;
    }

    private static final class BuiltIn {
        static final JudgePrompts PROMPTS = within(classes());

        private static Path classes() {
            try {
                return Path.of(JudgePrompts.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI());
            } catch (URISyntaxException e) {
                throw new IllegalStateException("cannot tell where the classes are", e);
            }
        }
    }

    /** The folder {@code judges} in a jar or a class folder. */
    static JudgePrompts within(Path classes) {
        if (Files.isDirectory(classes)) {
            return open(classes.resolve("judges"));
        }
        try (FileSystem jar = FileSystems.newFileSystem(classes, Map.of())) {
            return open(jar.getPath("judges"));
        } catch (IOException e) {
            throw new IllegalStateException("cannot read the judges' prompts in " + classes, e);
        }
    }

    /**
     * All files {@code *.yaml} of a folder.
     *
     * @throws IllegalArgumentException with a sentence for the user, if one of them is invalid
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

    /** The placeholders of {@code role}; empty if there is no such role. */
    public List<String> inputs(String role) {
        JudgePrompt prompt = prompt(role);
        return prompt == null ? List.of() : prompt.inputs();
    }

    /** The two placeholders that {@code role} compares, the preferred one first; empty if it judges one text. */
    public List<String> pair(String role) {
        JudgePrompt prompt = prompt(role);
        return prompt == null ? List.of() : prompt.pair();
    }

    @Nullable
    JudgePrompt prompt(String role) {
        return byRole.get(role);
    }

    Iterable<String> roles() {
        return byRole.keySet();
    }
}
