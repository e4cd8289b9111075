package io.foretell.platform;

import java.nio.file.Path;
import java.util.Objects;

/** Files with the server's certificate chain and private key, both in PEM. Immutable. */
public record TlsSettings(Path certificate, Path key) {
    public TlsSettings {
        Objects.requireNonNull(certificate, "http.tls.certificate must name a PEM file");
        Objects.requireNonNull(key, "http.tls.key must name a PEM file");
    }
}
