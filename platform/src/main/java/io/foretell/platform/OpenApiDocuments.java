package io.foretell.platform;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds the OpenAPI documents of the server and of its roles on the class path. Pure functions. */
final class OpenApiDocuments {
    /** The routes of every process, and the schemas shared by the other documents. */
    private static final String SERVER = "server.yaml";

    private OpenApiDocuments() {}

    /** Texts by file name. */
    static Map<String, String> of(List<Routes> routes) {
        Map<String, String> documents = new TreeMap<>();
        documents.put(SERVER, text(OpenApiDocuments.class, "openapi/" + SERVER));
        for (Routes each : routes) {
            String resource = each.openapiResource();
            if (resource != null) {
                String name = resource.substring(resource.lastIndexOf('/') + 1);
                documents.put(name, text(each.getClass(), resource));
            }
        }
        return documents;
    }

    private static String text(Class<?> owner, String resource) {
        String absolute = resource.startsWith("/") ? resource : "/" + resource;
        try (InputStream input = owner.getResourceAsStream(absolute)) {
            if (input == null) {
                throw new IllegalStateException("no class-path resource " + resource + " for " + owner.getName());
            }
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("cannot read class-path resource " + resource, e);
        }
    }
}
