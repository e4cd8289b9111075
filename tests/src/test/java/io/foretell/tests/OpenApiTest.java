package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.foretell.platform.EventStream;
import io.foretell.platform.Routes;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

/** What a role answers over HTTP and what its OpenAPI document says are the same. */
class OpenApiTest {
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** Every role's routes; the dashboard's are files, not an interface. */
    static Stream<Class<?>> roles() {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.foretell").stream()
                        .filter(type -> type.isAssignableTo(Routes.class) && !type.isInterface())
                        .filter(type -> !type.getPackageName().equals("io.foretell.dashboard"))
                        .map(JavaClass::reflect);
    }

    @ParameterizedTest
    @MethodSource("roles")
    void routesAndDocumentAreTheSame(Class<?> role) throws Exception {
        Routes routes = create(role);
        assertThat(routes.openapiResource()).as("document of %s", role).isNotNull();
        assertThat(OpenApi.NAMES).map(name -> "openapi/" + name).contains(routes.openapiResource());
        assertThat(mounted(routes)).as("routes of %s", role).isNotEmpty().isEqualTo(described(routes));
    }

    @Test
    void noTwoRolesAnswerTheSame() throws Exception {
        List<Class<?>> roles = roles().toList();
        assertThat(roles).hasSizeGreaterThanOrEqualTo(4);
        Set<String> all = new TreeSet<>();
        for (Class<?> role : roles) {
            for (String each : mounted(create(role))) {
                assertThat(all.add(each)).as("%s of %s is new", each, role).isTrue();
            }
        }
    }

    /* Mounting asks nothing of what answers later, so nothing is given. */
    private static Routes create(Class<?> role) throws Exception {
        Constructor<?> constructor = role.getConstructors()[0];
        Object[] arguments = Arrays.stream(constructor.getParameterTypes())
                .map(OpenApiTest::nothing)
                .toArray();
        return (Routes) constructor.newInstance(arguments);
    }

    @org.jspecify.annotations.Nullable
    private static Object nothing(Class<?> type) {
        if (type == EventStream.class) {
            return new EventStream(1);
        }
        return type == int.class ? (Object) 0 : type == long.class ? (Object) 0L : null;
    }

    private static Set<String> mounted(Routes routes) {
        Router router = Router.router(vertx);
        routes.mount(router);
        Set<String> found = new TreeSet<>();
        for (Route route : router.getRoutes()) {
            for (HttpMethod method : route.methods()) {
                found.add(method.name() + " " + route.getPath().replaceAll(":([A-Za-z_]+)", "{$1}"));
            }
        }
        return found;
    }

    private static Set<String> described(Routes routes) throws IOException {
        Set<String> found = new TreeSet<>();
        try (InputStream input = OpenApiTest.class.getResourceAsStream("/" + routes.openapiResource())) {
            Map<String, Map<String, Map<String, Map<String, Object>>>> document = new Yaml().load(input);
            document.get("paths")
                    .forEach((path, methods) -> methods.forEach((method, operation) -> {
                        if (METHODS.contains(method)) {
                            found.add(method.toUpperCase(Locale.ROOT) + " " + path);
                            assertThat(operation)
                                    .as("%s %s", method, path)
                                    .containsKeys("operationId", "summary", "responses");
                        }
                    }));
        }
        return found;
    }
}
