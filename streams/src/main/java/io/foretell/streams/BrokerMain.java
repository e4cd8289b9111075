package io.foretell.streams;

import io.foretell.platform.ForetellException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The embedded broker as a process of its own: prints {@code READY <bootstrap>} when it serves, and stops when its
 * standard input ends, which also happens when its parent dies.
 */
public final class BrokerMain {
    static final String READY = "READY ";

    private BrokerMain() {}

    public static void main(String[] args) throws IOException {
        if (args.length != 1) {
            System.err.println("usage: BrokerMain FOLDER");
            System.exit(2);
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(Path.of(args[0]))) {
            System.out.println(READY + broker.bootstrap());
            System.out.flush();
            while (System.in.read() >= 0) {
                // anything written is ignored; only the end counts
            }
        } catch (ForetellException e) {
            System.err.println("! " + e.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }
}
