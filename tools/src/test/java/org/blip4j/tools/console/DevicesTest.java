package org.blip4j.tools.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.ConfigProto;

class DevicesTest {
  private static final ConfigProto ANY = ConfigProto.getDefaultInstance();

  @Test
  void theCpuIsAlwaysThere() {
    assertEquals("CPU", Devices.list(ANY).get(0).type());
  }

  @Test
  void aGpuThatIsNotThereIsRefusedRatherThanReplaced() {
    assumeTrue(Devices.list(ANY).size() == 1, "a machine without a GPU");
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Devices.requireGpus(List.of(1), ANY));
    assertEquals(
        "--device gpu:1 cannot be used: TensorFlow finds 0 GPU(s); 'tools/blip doctor --device"
            + " gpu:1' says what is missing",
        error.getMessage());
  }
}
