package io.foretell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessEndTest {
    @TempDir
    private Path folder;

    @Test
    void onlyWhatIsMappedOfTheLibrariesThatUnpackThemselvesIsDeleted() throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
        Path maps = Files.writeString(folder.resolve("maps"), """
                70e000000000-70e000021000 r-xp 00000000 00:2f 3301    T/liblz4-java-123.so
                70e000021000-70e000031000 r--p 00021000 00:2f 3301    T/liblz4-java-123.so
                70e000041000-70e000051000 r-xp 00000000 00:2f 3302    T/quickjs456.tmp
                70e000061000-70e000071000 r-xp 00000000 00:2f 3303    T/mine.so
                70e000081000-70e000091000 r-xp 00000000 00:2f 3304    T/deeper/quickjs789.tmp
                70e0000a1000-70e0000b1000 r-xp 00000000 00:2f 3305    /usr/lib/liblz4-java-1.so
                70e0000c1000-70e0000d1000 rw-p 00000000 00:00 0       [stack]
                """.replace("T/", temporary + "/"));

        assertThat(ProcessEnd.unpacked(maps))
                .containsExactlyInAnyOrder(
                        temporary.resolve("liblz4-java-123.so"), temporary.resolve("quickjs456.tmp"));
    }
}
