package io.foretell.tests;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.foretell.streams.BrokerMain;
import io.foretell.streams.EmbeddedBroker;

/** Which module may use which: the table of the architecture, as rules. */
@AnalyzeClasses(packages = "io.foretell", importOptions = ImportOption.DoNotIncludeTests.class)
class ImportRulesTest {
    private static final String OBJECTIVES = "io.foretell.objectives..";
    private static final String PLATFORM = "io.foretell.platform..";
    private static final String POLICY = "io.foretell.policy..";
    private static final String STREAMS = "io.foretell.streams..";
    private static final String ROLLOUT = "io.foretell.rollout..";
    private static final String JUDGE = "io.foretell.judge..";
    private static final String REWARD = "io.foretell.reward..";
    private static final String LEARNER = "io.foretell.learner..";
    private static final String LAUNCHER = "io.foretell.launcher..";

    /** Of Foretell, module {@code of} uses only itself and {@code others}. */
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

    @ArchTest
    static final ArchRule objectivesArePureJava = classes()
            .that()
            .resideInAPackage(OBJECTIVES)
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(OBJECTIVES, "java..", "org.jspecify.."));

    @ArchTest
    static final ArchRule objectivesDoNoInputOrOutput = noClasses()
            .that()
            .resideInAPackage(OBJECTIVES)
            .should()
            .dependOnClassesThat(resideInAnyPackage("java.nio.file..", "java.net..", "java.sql.."))
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.io.File");

    @ArchTest
    static final ArchRule platformKnowsNothingOfTheDomain = uses(PLATFORM);

    @ArchTest
    static final ArchRule policyStandsOnObjectivesAndPlatform = uses(POLICY, OBJECTIVES, PLATFORM);

    @ArchTest
    static final ArchRule streamsStandOnObjectivesAndPlatform = uses(STREAMS, OBJECTIVES, PLATFORM);

    @ArchTest
    static final ArchRule judgeAdapterStandsOnObjectivesAndPlatform = uses(JUDGE, OBJECTIVES, PLATFORM);

    @ArchTest
    static final ArchRule rolloutServiceUsesWhatIsBelowIt = uses(ROLLOUT, OBJECTIVES, PLATFORM, POLICY, STREAMS);

    @ArchTest
    static final ArchRule rewardServiceUsesWhatIsBelowIt = uses(REWARD, OBJECTIVES, PLATFORM, POLICY, STREAMS, JUDGE);

    @ArchTest
    static final ArchRule learnerUsesWhatIsBelowIt = uses(LEARNER, OBJECTIVES, PLATFORM, POLICY, STREAMS);

    @ArchTest
    static final ArchRule nobodyUsesTheLauncher = noClasses()
            .that()
            .resideOutsideOfPackage(LAUNCHER)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(LAUNCHER);

    @ArchTest
    static final ArchRule modulesHaveNoCycles =
            slices().matching("io.foretell.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyPolicyKnowsTheModelsEngine = noClasses()
            .that()
            .resideOutsideOfPackage(POLICY)
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
            .haveNameNotMatching("io\\.foretell\\.rollout\\.Jinja(\\$.*)?")
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
    static final ArchRule onlyTheLauncherTalksToTheTerminalAndTheEnvironment = noClasses()
            .that()
            .resideOutsideOfPackage(LAUNCHER)
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
}
