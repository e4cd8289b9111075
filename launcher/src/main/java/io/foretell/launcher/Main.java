package io.foretell.launcher;

import io.foretell.huggingface.PolicyException;
import io.foretell.lab.bench.BenchCommand;
import io.foretell.lab.chaos.ChaosCommand;
import io.foretell.lab.experiment.ExperimentCommand;
import io.foretell.platform.ConfigurationException;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.server.Console;
import io.foretell.server.Plugins;
import io.foretell.server.ProcessEnd;
import io.foretell.server.Shutdown;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The {@code foretell} command. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
@Command(
        name = "foretell",
        description = "A reinforcement-learning pretraining server: documents in, a better policy out.",
        mixinStandardHelpOptions = true,
        version = "foretell 0.1.0",
        subcommands = {
            UpCommand.class,
            RoleCommand.Streams.class,
            RoleCommand.Rollout.class,
            RoleCommand.Reward.class,
            RoleCommand.LearnerCommand.class,
            BrokerCommand.class,
            InitCommand.class,
            IngestCommand.class,
            GenerateCommand.class,
            ScoreCommand.class,
            ExportCommand.class,
            ProgramCommand.class,
            InspectCommand.class,
            MethodsCommand.class,
            DoctorCommand.class,
            ExperimentCommand.class,
            BenchCommand.class,
            ChaosCommand.class
        })
public final class Main implements Runnable {
    /** Commands that shut down in order on a signal. */
    private static final Set<String> ORDERLY = Set.of("up", "streams", "rollout", "reward", "learner", "broker");

    private Main() {}

    public static void main(String[] args) {
        if (args.length == 0 || !ORDERLY.contains(args[0])) {
            Shutdown.quiesceAtEnd();
        }
        int status = commandLine().execute(args);
        ProcessEnd.halt(status);
    }

    /** The command and its subcommands, which return an exit code. */
    public static CommandLine commandLine() {
        CommandLine commands = new CommandLine(new Main());
        commands.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_FOOTER, help -> plugins());
        return commands.setExecutionExceptionHandler((failure, command, result) -> {
            Console.warn(sentence(failure));
            return failure instanceof ConfigurationException
                            || failure instanceof IllegalArgumentException
                            || failure instanceof ForetellException known && known.code() == ErrorCode.CONFIGURATION
                    ? 2
                    : 1;
        });
    }

    /** The last line of {@code foretell --help}. */
    private static String plugins() {
        String line;
        try {
            line = Plugins.load(System.getenv()).toString();
        } catch (ForetellException e) {
            line = e.getMessage();
        }
        return System.lineSeparator() + "Plugins: " + line + System.lineSeparator();
    }

    private static String sentence(Exception failure) {
        boolean ours = failure instanceof ForetellException
                || failure instanceof PolicyException
                || failure instanceof IllegalArgumentException;
        if (ours) {
            return failure.getMessage();
        }
        org.slf4j.LoggerFactory.getLogger(Main.class).warn("unexpected failure", failure);
        return "unexpected failure, a bug: " + failure;
    }

    @Override
    public void run() {
        commandLine().usage(System.out);
    }
}
