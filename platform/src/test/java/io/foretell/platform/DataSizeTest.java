package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataSizeTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "0, 0",
        "17, 17",
        "17B, 17",
        "1kB, 1000",
        "1KiB, 1024",
        "512MiB, 536870912",
        "10MB, 10000000",
        "8GiB, 8589934592",
        "0.5GiB, 536870912",
        "8 gib, 8589934592",
        "2TiB, 2199023255552"
    })
    void everyUnitIsRead(String text, long bytes) {
        assertThat(DataSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest(name = "'{0}'")
    @ValueSource(strings = {"", "GiB", "8G", "8iB", "-1", "8GiBs", "0.3B", "99999999TiB"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> DataSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"0, 0B", "1000, 1000B", "1024, 1KiB", "1536, 1536B", "8589934592, 8GiB", "1125899906842624, 1024TiB"})
    void isWrittenInTheLargestUnitThatDividesIt(long bytes, String text) {
        assertThat(new DataSize(bytes)).hasToString(text);
        assertThat(DataSize.parse(text)).isEqualTo(new DataSize(bytes));
    }

    @Test
    void aNegativeSizeIsRefused() {
        assertThatThrownBy(() -> new DataSize(-1)).hasMessage("a size must not be negative, but is -1 bytes");
    }
}
