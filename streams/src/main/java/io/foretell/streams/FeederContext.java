package io.foretell.streams;

import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import java.util.List;

/** What every session of one feeder works with. */
record FeederContext(
        String bootstrap,
        Topics topics,
        DocumentIndex index,
        TaskWriter writer,
        List<PhasePlan> phases,
        FeederSettings settings,
        PolicyFeed policies,
        Metrics metrics,
        FeederListener watch,
        Time time) {}
