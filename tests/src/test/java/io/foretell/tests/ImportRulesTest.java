package io.foretell.tests;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.foretell.platform.Threads;
import io.foretell.platform.Time;
import io.foretell.streams.BrokerMain;
import io.foretell.streams.EmbeddedBroker;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;

/** Which module may use which: the table of the architecture, as rules. */
@AnalyzeClasses(packages = "io.foretell", importOptions = ImportOption.DoNotIncludeTests.class)
class ImportRulesTest {
    private static final String DOMAIN = "io.foretell.domain..";
    private static final String LOSSES = "io.foretell.losses..";
    private static final String OBJECTIVES = "io.foretell.objectives..";
    private static final String PLATFORM = "io.foretell.platform..";
    private static final String HUGGING_FACE = "io.foretell.huggingface..";
    private static final String SOURCES = "io.foretell.sources..";
    private static final String JUDGE = "io.foretell.judge..";
    private static final String POLICY = "io.foretell.policy..";
    private static final String STREAMS = "io.foretell.streams..";
    private static final String WEIGHT_SYNC = "io.foretell.weightsync..";
    private static final String DASHBOARD = "io.foretell.dashboard..";
    private static final String ROLLOUT = "io.foretell.rollout..";
    private static final String REWARD = "io.foretell.reward..";
    private static final String LEARNER = "io.foretell.learner..";
    private static final String SERVER = "io.foretell.server..";
    private static final String LAB = "io.foretell.lab..";
    private static final String LAUNCHER = "io.foretell.launcher..";
    private static final String BUFFER = "io.foretell.buffer..";
    private static final String CHECKPOINT = "io.foretell.learner.checkpoint..";
    private static final String EVALUATION = "io.foretell.learner.evaluation..";
    private static final String METRICS = "io.foretell.learner.metrics..";

    /** Of Foretell, package {@code of} uses only itself and {@code others}. */
    private static ArchRule uses(String of, String... others) {
        String[] allowed = new String[others.length + 1];
        allowed[0] = of;
        System.arraycopy(others, 0, allowed, 1, others.length);
        return noClasses()
                .that()
                .resideInAPackage(of)
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.foretell..").and(not(resideInAnyPackage(allowed))));
    }

    private static ArchRule nobodyOutside(String[] rooms, String of) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(rooms)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(of);
    }

    @ArchTest
    static final ArchRule theDomainIsPureJava = classes()
            .that()
            .resideInAnyPackage(DOMAIN, LOSSES, OBJECTIVES)
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(DOMAIN, LOSSES, OBJECTIVES, "java..", "org.jspecify.."));

    @ArchTest
    static final ArchRule theDomainDoesNoInputOrOutput = noClasses()
            .that()
            .resideInAnyPackage(DOMAIN, LOSSES, OBJECTIVES)
            .should()
            .dependOnClassesThat(resideInAnyPackage("java.nio.file..", "java.net..", "java.sql.."))
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.io.File");

    @ArchTest
    static final ArchRule recordsOfTheDomainKnowNoLossAndNoMethod = uses(DOMAIN);

    @ArchTest
    static final ArchRule lossesKnowRecordsButNoMethod = uses(LOSSES, DOMAIN);

    @ArchTest
    static final ArchRule methodsUseRecordsAndLosses = uses(OBJECTIVES, DOMAIN, LOSSES);

    @ArchTest
    static final ArchRule platformKnowsNothingOfTheDomain = uses(PLATFORM);

    @ArchTest
    static final ArchRule huggingFaceFoldersKnowNoEngine = uses(HUGGING_FACE, DOMAIN, PLATFORM);

    @ArchTest
    static final ArchRule sourcesKnowNoBroker = uses(SOURCES, DOMAIN, PLATFORM);

    @ArchTest
    static final ArchRule judgeAdapterKnowsRecordsAndPlatform = uses(JUDGE, DOMAIN, PLATFORM);

    @ArchTest
    static final ArchRule policyKnowsNoBroker = uses(POLICY, DOMAIN, LOSSES, OBJECTIVES, PLATFORM, HUGGING_FACE);

    @ArchTest
    static final ArchRule streamsKnowNoModel = uses(STREAMS, DOMAIN, OBJECTIVES, PLATFORM, SOURCES);

    @ArchTest
    static final ArchRule weightSyncStandsOnPolicyAndStreams =
            uses(WEIGHT_SYNC, DOMAIN, PLATFORM, HUGGING_FACE, POLICY, STREAMS);

    @ArchTest
    static final ArchRule dashboardIsFilesAndARoute = uses(DASHBOARD, PLATFORM);

    @ArchTest
    static final ArchRule rolloutServiceUsesWhatIsBelowIt =
            uses(ROLLOUT, DOMAIN, OBJECTIVES, PLATFORM, HUGGING_FACE, POLICY, STREAMS, WEIGHT_SYNC);

    @ArchTest
    static final ArchRule rewardServiceUsesWhatIsBelowIt =
            uses(REWARD, DOMAIN, OBJECTIVES, PLATFORM, HUGGING_FACE, POLICY, STREAMS, WEIGHT_SYNC, JUDGE);

    @ArchTest
    static final ArchRule learnerUsesWhatIsBelowIt = uses(
            LEARNER, DOMAIN, LOSSES, OBJECTIVES, PLATFORM, HUGGING_FACE, SOURCES, POLICY, STREAMS, WEIGHT_SYNC, BUFFER);

    @ArchTest
    static final ArchRule theBufferKnowsNothingOfTraining = uses(BUFFER, DOMAIN, LOSSES, OBJECTIVES, PLATFORM, STREAMS);

    @ArchTest
    static final ArchRule checkpointsKnowNothingOfTheLoop = uses(CHECKPOINT, DOMAIN, PLATFORM, HUGGING_FACE, POLICY);

    @ArchTest
    static final ArchRule evaluationKnowsNothingOfTraining =
            uses(EVALUATION, DOMAIN, OBJECTIVES, PLATFORM, HUGGING_FACE, SOURCES, POLICY, STREAMS);

    @ArchTest
    static final ArchRule metricsKnowNothingOfTheLoop = uses(METRICS, DOMAIN, LOSSES, OBJECTIVES, PLATFORM);

    @ArchTest
    static final ArchRule nobodyUsesTheServerButLabAndLauncher =
            nobodyOutside(new String[] {SERVER, LAB, LAUNCHER}, SERVER);

    @ArchTest
    static final ArchRule nobodyUsesTheLabButTheLauncher = nobodyOutside(new String[] {LAB, LAUNCHER}, LAB);

    @ArchTest
    static final ArchRule nobodyUsesTheLauncher = nobodyOutside(new String[] {LAUNCHER}, LAUNCHER);

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("io.foretell.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule modulesHaveNoCycles =
            slices().matching("io.foretell.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyPolicyAndTokenizersKnowDjl = noClasses()
            .that()
            .resideOutsideOfPackages(POLICY, HUGGING_FACE)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.djl..");

    @ArchTest
    static final ArchRule onlyStreamsKnowsKafka = noClasses()
            .that()
            .resideOutsideOfPackage(STREAMS)
            .should()
            .dependOnClassesThat(resideInAnyPackage("org.apache.kafka..", "kafka.."));

    @ArchTest
    static final ArchRule onlyChatTemplatesRunScripts = noClasses()
            .that()
            .haveNameNotMatching("io\\.foretell\\.huggingface\\.Jinja(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("app.cash..");

    @ArchTest
    static final ArchRule onlyPlatformKnowsRocksDb = noClasses()
            .that()
            .resideOutsideOfPackage(PLATFORM)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb..");

    @ArchTest
    static final ArchRule loggingIsSlf4j = noClasses()
            .should()
            .dependOnClassesThat(resideInAnyPackage("java.util.logging..", "org.apache.logging..", "org.mockito.."));

    /* A broker that is its own process, and the last words of one whose disk is full, have no launcher to speak for
     * them. */
    @ArchTest
    static final ArchRule onlyCommandsTalkToTheTerminalAndTheEnvironment = noClasses()
            .that()
            .resideOutsideOfPackages(SERVER, LAB, LAUNCHER)
            .and()
            .doNotBelongToAnyOf(BrokerMain.class, EmbeddedBroker.class)
            .should()
            .callMethod(System.class, "getenv")
            .orShould()
            .callMethod(System.class, "getenv", String.class)
            .orShould()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err");

    @ArchTest
    static final ArchRule nobodyEndsTheProcessBehindTheLaunchersBack = noClasses()
            .that()
            .doNotBelongToAnyOf(BrokerMain.class)
            .should()
            .callMethod(System.class, "exit", int.class);

    @ArchTest
    static final ArchRule onlyOneClassReadsTheClock = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("io.foretell.platform.SystemTime")
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(InstantSource.class, "system")
            .orShould()
            .callMethod(Clock.class, "systemUTC")
            .orShould()
            .callMethod(Clock.class, "systemDefaultZone");

    /* The engine's two stopwatches measure native calls of whichever policy is at work; nothing is decided by them. */
    @ArchTest
    static final ArchRule timeIsAConstructorArgument = noClasses()
            .that()
            .resideOutsideOfPackages(SERVER, LAB, LAUNCHER)
            .and()
            .haveNameNotMatching("io\\.foretell\\.policy\\.(ModelTime|PeakProbe)")
            .should()
            .callMethod(Time.class, "system");

    @ArchTest
    static final ArchRule threadsAreMadeInOnePlace = noClasses()
            .that()
            .doNotBelongToAnyOf(Threads.class)
            .should()
            .callConstructorWhere(target(owner(assignableTo(Thread.class))));
}
