package io.foretell.server;

import io.foretell.objectives.ObjectiveProvider;
import io.foretell.objectives.Objectives;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Methods from outside the repository: the jars of one folder. Each jar has its own class loader, whose parent
 * provides Foretell's classes, so a jar must contain the libraries it needs. Loaders stay open until the process
 * ends. Immutable.
 */
public final class Plugins {
    /**
     * The environment variable that names the folder; the {@code foretell} script sets it to its {@code plugins}
     * folder.
     */
    public static final String FOLDER = "FORETELL_PLUGINS";

    private static final String SERVICE = "META-INF/services/" + ObjectiveProvider.class.getName();

    /** One jar, and the names of the methods in it. */
    public record Plugin(Path jar, List<String> methods) {}

    private final @Nullable Path folder;
    private final List<Plugin> loaded = new ArrayList<>();
    private Objectives objectives = Objectives.builtIn();

    private Plugins(@Nullable Path folder) {
        this.folder = folder;
    }

    /**
     * Loads the plugins in the folder that {@code environment} names. A folder that does not exist has no plugins.
     *
     * @throws ForetellException CONFIGURATION, with one sentence that names the jar, if a jar cannot be loaded or a
     *     name is taken
     */
    public static Plugins load(Map<String, String> environment) {
        String named = environment.getOrDefault(FOLDER, "");
        Plugins plugins = new Plugins(named.isBlank() ? null : Path.of(named));
        for (Path jar : plugins.jars()) {
            plugins.add(jar);
        }
        return plugins;
    }

    /** Foretell's own methods and those of the plugins. */
    public Objectives objectives() {
        return objectives;
    }

    /** The plugins in the order of their file names. */
    public List<Plugin> loaded() {
        return List.copyOf(loaded);
    }

    @Override
    public String toString() {
        if (loaded.isEmpty()) {
            return folder == null ? "none (" + FOLDER + " is not set)" : "none in " + folder;
        }
        return loaded.stream()
                .map(plugin -> String.join(", ", plugin.methods()) + " (" + plugin.jar() + ")")
                .collect(Collectors.joining("; "));
    }

    private Iterable<Path> jars() {
        TreeSet<Path> jars = new TreeSet<>();
        if (folder != null && Files.isDirectory(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.jar")) {
                files.forEach(jars::add);
            } catch (IOException e) {
                throw new ForetellException(
                        ErrorCode.CONFIGURATION, "the folder of plugins " + folder + " cannot be read: " + e, e);
            }
        }
        return jars;
    }

    private void add(Path jar) {
        try {
            List<ObjectiveProvider> providers = providers(jar);
            objectives = objectives.with(providers);
            loaded.add(new Plugin(
                    jar,
                    providers.stream()
                            .map(provider -> provider.description().name())
                            .toList()));
        } catch (IOException | RuntimeException | ServiceConfigurationError | LinkageError e) {
            throw new ForetellException(
                    ErrorCode.CONFIGURATION,
                    "the plugin " + jar + " cannot be loaded: " + reason(e) + ". Mend the jar, or remove it",
                    e);
        }
    }

    private static String reason(Throwable failure) {
        boolean isOurs = failure instanceof IllegalArgumentException || failure instanceof ServiceConfigurationError;
        return isOurs ? String.valueOf(failure.getMessage()) : failure.toString();
    }

    private static List<ObjectiveProvider> providers(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            if (file.getEntry(SERVICE) == null) {
                throw new IllegalArgumentException("it has no " + SERVICE + ", which names the methods of a plugin");
            }
        }
        URLClassLoader loader = new URLClassLoader(
                jar.getFileName().toString(), new URL[] {jar.toUri().toURL()}, Plugins.class.getClassLoader());
        // The loader also finds the methods that its parent provides: Foretell's own.
        List<ObjectiveProvider> own = ServiceLoader.load(ObjectiveProvider.class, loader).stream()
                .filter(found -> found.type().getClassLoader() == loader)
                .map(ServiceLoader.Provider::get)
                .toList();
        if (own.isEmpty()) {
            throw new IllegalArgumentException(SERVICE + " names no class of this jar");
        }
        return own;
    }
}
