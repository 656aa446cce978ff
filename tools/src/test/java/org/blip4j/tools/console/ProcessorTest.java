package org.blip4j.tools.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessorTest {
  private static final String INTEL =
      "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nflags\t\t: fpu avx2 avx512f avx512_vnni"
          + " avx512_bf16 amx_bf16 amx_int8\n";

  @Test
  void saysWhatProductsCanBeMadeOf() {
    Processor intel = Processor.of(INTEL);
    assertEquals("Intel(R) Xeon(R)", intel.name());
    assertEquals(List.of("amx_bf16", "avx512_bf16"), intel.bfloat16());
    assertEquals(
        ", AVX-512; bfloat16: amx_bf16, avx512_bf16; int8: amx_int8, avx512_vnni",
        intel.instructions());
    assertEquals("", intel.bfloat16Warning());
    assertTrue(Processor.of("Features : fp asimd bf16 i8mm\n").bfloat16Warning().isEmpty());
  }

  @Test
  void warnsOfBfloat16WithoutInstructionsForIt() {
    Processor old = Processor.of("model name : Old one\nflags : fpu avx2 avx512f\n");
    assertTrue(
        old.bfloat16Warning().contains("(Old one) has no instructions for bfloat16"),
        old.bfloat16Warning());
    assertTrue(old.bfloat16Warning().contains("3 times the time"), old.bfloat16Warning());
    assertFalse(old.instructions().contains("amx"));
  }

  @Test
  void knowsNothingWhereTheSystemSaysNothing() {
    Processor unknown = Processor.of("");
    assertEquals(System.getProperty("os.arch"), unknown.name());
    assertEquals("", unknown.instructions());
    assertEquals("", unknown.bfloat16Warning());
  }
}
