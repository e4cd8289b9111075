package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessorTest {
    private static final String NEW = "flags\t\t: fpu sse2 avx2 fma avx512f avx512dq avx512bw avx512vl avx512_bf16\n";
    private static final String OLD = "flags\t\t: fpu sse2 avx2 fma\n";

    @Test
    void sixteenBitsArePackedWhereTheProcessorHasTheInstructions() {
        assertThat(Processor.packs(Precision.BFLOAT16, NEW)).isTrue();
        assertThat(Processor.packs(Precision.BFLOAT16, OLD)).isFalse();
        assertThat(Processor.packs(Precision.FP8_EMULATED, OLD)).isFalse();
        assertThat(Processor.packs(Precision.FLOAT32, OLD)).isTrue();
        assertThat(Processor.packs(Precision.BFLOAT16, "")).isFalse();
    }
}
