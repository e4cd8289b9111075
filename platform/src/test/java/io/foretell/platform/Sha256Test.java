package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Sha256Test {
    @Test
    void hashesTheStandardsExample() { // FIPS 180-4
        assertThat(Sha256.hex(Sha256.of("abc")))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void partsAreKeptApart() {
        assertThat(Sha256.ofParts("ab", "c")).isNotEqualTo(Sha256.ofParts("a", "bc"));
        assertThat(Sha256.hex(Sha256.ofParts("a", 1L)))
                .isEqualTo("4ba9bdecd6b287135f7d4ca5a577b2b657309c6cb5c3321c96d345bffdf78f72");
    }
}
