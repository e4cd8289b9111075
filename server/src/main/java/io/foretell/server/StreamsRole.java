package io.foretell.server;

import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.judge.Judge;
import io.foretell.learner.PhaseSettings;
import io.foretell.objectives.Objective;
import io.foretell.platform.Routes;
import io.foretell.sources.DocumentParser;
import io.foretell.sources.DocumentSource;
import io.foretell.sources.FileSource;
import io.foretell.sources.SyntheticCorpora;
import io.foretell.sources.ThinkingAugmentedSource;
import io.foretell.streams.DocumentGateway;
import io.foretell.streams.DocumentIndex;
import io.foretell.streams.DocumentRoutes;
import io.foretell.streams.FeederListener;
import io.foretell.streams.PhasePlan;
import io.foretell.streams.SourcePump;
import io.foretell.streams.TaskFeeder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** documents → tasks. */
public final class StreamsRole implements Role {
    private static final String NAME = "streams";

    private final Wiring wiring;
    private HuggingFaceTokenizer tokenizer;
    private DocumentIndex index;
    private DocumentGateway gateway;
    private TaskFeeder feeder;
    private SourcePump pump;
    private @Nullable Judge thinker;

    public StreamsRole(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void start() {
        ForetellConfig config = wiring.config();
        tokenizer = wiring.readModelFolder("streams", HuggingFaceTokenizer::open);
        List<Objective> objectives = wiring.objectives(tokenizer);
        wiring.proxies().load(); // the feeder's transaction is open while it waits for a model
        gateway = new DocumentGateway(wiring.bootstrap(), wiring.topics(), wiring.time());
        index = DocumentIndex.open(
                config.folder().resolve("documents"),
                config.documents().deduplicate().equals("exact"));
        feeder = new TaskFeeder(
                wiring.bootstrap(),
                wiring.topics(),
                config.run().name(),
                config.run().seed(),
                index,
                tokenizer,
                plans(config, objectives),
                config.feeder(),
                wiring.feed(),
                wiring.metrics(),
                watch(),
                wiring.time());
        feeder.start();
        thinker = config.documents().thoughtTemplate() == null
                ? null
                : wiring.judges().open("thoughts");
        pump = new SourcePump(
                        sources(config).stream().map(this::withThoughts).toList(),
                        gateway,
                        () -> feeder.status().seen(),
                        config.documents().maxAhead(),
                        Console::warn,
                        wiring.time())
                .start();
        wiring.health().check(NAME, () -> {
            String failure = feeder.status().failure();
            return failure.isEmpty() ? Optional.empty() : Optional.of(failure);
        });
    }

    /** Reports the feeder's health to the watchdog; the feeder's thread calls it before the pump exists. */
    private FeederListener watch() {
        return new FeederListener() {
            @Override
            public void progress() {
                wiring.watchdog().progress(NAME);
            }

            @Override
            public void waitingFor(String what) {
                wiring.watchdog().done(NAME);
            }

            @Override
            public void failed(String sentence) {
                Console.warn(sentence);
            }

            @Override
            public boolean areDocumentsComing() {
                SourcePump running = pump;
                return running == null || running.isRunning();
            }
        };
    }

    private static List<PhasePlan> plans(ForetellConfig config, List<Objective> objectives) {
        List<PhasePlan> plans = new ArrayList<>();
        for (int i = 0; i < objectives.size(); i++) {
            PhaseSettings phase = config.training().phases().get(i);
            long groups = phase.steps() == null
                    ? PhasePlan.OPEN_ENDED
                    : phase.groups(config.training().learner().batch().promptsPerStep());
            plans.add(new PhasePlan(i, objectives.get(i), groups, Set.copyOf(phase.domains())));
        }
        return plans;
    }

    private List<DocumentSource> sources(ForetellConfig config) {
        List<DocumentSource> sources = new ArrayList<>();
        for (DocumentsSettings.Source source : config.documents().sources()) {
            if (source.files() != null) {
                sources.add(new FileSource(
                        source.files(),
                        source.template(),
                        source.domain(),
                        "paragraphs".equals(source.split()),
                        new DocumentParser()));
            } else {
                long seed = source.seed() == null ? config.run().seed() : source.seed();
                long documents = source.documents() == null ? Long.MAX_VALUE : source.documents();
                sources.add(SyntheticCorpora.create(
                        String.valueOf(source.generator()),
                        seed,
                        documents,
                        () -> feeder.status().end()));
            }
        }
        return sources;
    }

    private DocumentSource withThoughts(DocumentSource source) {
        Judge judge = thinker;
        if (judge == null) {
            return source;
        }
        return new ThinkingAugmentedSource(
                source,
                String.valueOf(wiring.config().documents().thoughtTemplate()),
                text -> judge.ask("thinker", Map.of("text", text)),
                id -> index.contentOf(id).isPresent(),
                wiring.config().reward().judge().limits().maxConcurrent());
    }

    /** Rejects invalid sources before anything is started. */
    public static void check(ForetellConfig config) {
        for (DocumentsSettings.Source source : config.documents().sources()) {
            String files = source.files();
            boolean glob = files != null && (files.contains("*") || files.contains("?") || files.contains("{"));
            if (files != null && !glob && !Files.exists(Path.of(files))) {
                throw new IllegalArgumentException("documents.sources: there is no file or folder " + files);
            }
        }
    }

    @Override
    public List<Routes> routes() {
        return List.of(new DocumentRoutes(gateway, index));
    }

    @Override
    public void stop() {
        pump.close();
        feeder.close();
        gateway.close();
        if (thinker != null) {
            thinker.close();
        }
        index.close();
        tokenizer.close();
    }
}
