package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.foretell.platform.Json;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SummaryTableTest {
    @Test
    void everyMeasureHasItsUnitAndItsInterval() throws JsonProcessingException {
        String summary = "{\"steps\": 175, \"wall_time_s\": {\"step\": 61.6}, \"heldout\": {\"before\":"
                + " {\"banned_token_rate\": 0.125, \"banned_token_rate_low\": 0.1, \"banned_token_rate_high\": 0.15},"
                + " \"after\": {\"no_thought_loss\": 1.5, \"banned_token_rate\": 0.0625, \"banned_token_rate_low\":"
                + " 0.05, \"banned_token_rate_high\": 0.075}}}";

        assertThat(SummaryTable.lines(Json.mapper().readTree(summary), Path.of("runs/a/summary.json")))
                .containsExactly(
                        "",
                        "held out                             before          after   95% interval",
                        "banned_token_rate                     12.5%           6.3%   [5.0%, 7.5%]",
                        "no_thought_loss                        none     1.500 nats",
                        "",
                        "175 steps in 62 s; written to runs/a/summary.json");
    }
}
