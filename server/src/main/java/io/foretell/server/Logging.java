package io.foretell.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Configures the log's destination. Call it before creating the first logger. */
public final class Logging {
    private Logging() {}

    public static void into(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new io.foretell.platform.ForetellException(
                    io.foretell.platform.ErrorCode.STORAGE,
                    "cannot make the folder " + folder + ": " + e.getMessage(),
                    e);
        }
        System.setProperty("foretell.logs", folder.toString());
    }
}
