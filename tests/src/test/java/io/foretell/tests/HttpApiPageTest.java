package io.foretell.tests;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page of the HTTP API says what the OpenAPI documents say. */
class HttpApiPageTest {
    @Test
    void thePageIsThatOfTheDocuments() {
        GeneratedPage.check(
                Path.of("docs/http-api.md"), HttpApiPage.text(GeneratedPage.command(HttpApiPageTest.class)));
    }
}
