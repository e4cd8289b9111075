package io.foretell.tests;

import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Builds a plugin outside the repository, as its author would: javac, a services file, a jar. */
final class PluginJar {
    static final String SERVICE = "META-INF/services/io.foretell.objectives.ObjectiveProvider";

    private PluginJar() {}

    /**
     * @param scratch an empty folder for sources and classes
     * @param className of the class in {@code source}, its package included
     * @param services the lines of the services file
     */
    static void build(Path jar, Path scratch, String className, String source, String services) {
        try {
            Path file = scratch.resolve("source").resolve(className.replace('.', '/') + ".java");
            Path classes = Files.createDirectories(scratch.resolve("classes"));
            Files.createDirectories(file.getParent());
            Files.writeString(file, source);
            compile(file, classes);
            Files.createDirectories(jar.getParent());
            try (OutputStream out = Files.newOutputStream(jar);
                    JarOutputStream entries = new JarOutputStream(out);
                    Stream<Path> found = Files.walk(classes)) {
                for (Path each : found.filter(Files::isRegularFile).toList()) {
                    add(entries, classes.relativize(each).toString(), Files.readAllBytes(each));
                }
                add(entries, SERVICE, services.getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compile(Path file, Path classes) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            List<String> options = List.of(
                    "-d",
                    classes.toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "--release",
                    "17",
                    "-proc:none");
            boolean compiled = compiler.getTask(errors, files, null, options, null, files.getJavaFileObjects(file))
                    .call();
            if (!compiled) {
                throw new AssertionError("the plugin does not compile:\n" + errors);
            }
        }
    }

    private static void add(JarOutputStream jar, String name, byte[] content) throws IOException {
        jar.putNextEntry(new JarEntry(name));
        jar.write(content);
        jar.closeEntry();
    }
}
