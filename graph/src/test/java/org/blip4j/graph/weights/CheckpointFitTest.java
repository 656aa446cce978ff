package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

class CheckpointFitTest extends GraphTest {
  private final CheckpointFit fit = new CheckpointFit();

  private static Optional<TensorBundleReader.Entry> tensor(DataType type, long... shape) {
    return Optional.of(new TensorBundleReader.Entry("stored", type, Shape.of(shape)));
  }

  @Test
  void allThatDoesNotFitIsToldAtOnce() {
    Variable<TFloat32> kernel = vars.create("kernel", Shape.of(2, 3), Initializer.ones());

    assertTrue(fit.check(kernel, tensor(DataType.DT_FLOAT, 2, 3)));
    assertFalse(fit.check(kernel, Optional.empty()));
    assertFalse(fit.check(kernel, tensor(DataType.DT_FLOAT, 3, 2)));
    assertFalse(fit.check(kernel, tensor(DataType.DT_INT64, 2, 3)));

    String message =
        assertThrows(IOException.class, () -> fit.require(Path.of("m"), "config.json"))
            .getMessage();
    assertEquals(
        "m: 3 of 4 weights do not fit config.json: kernel is missing; kernel has shape [3, 2], not"
            + " [2, 3]; kernel is DT_INT64, not DT_FLOAT",
        message);
  }

  @Test
  void anotherShapeFitsWhereItMayBecomeTheVariables() throws IOException {
    Variable<TFloat32> table = vars.create("table", Shape.of(1, 5), Initializer.ones());

    assertTrue(
        fit.check(
            table,
            tensor(DataType.DT_FLOAT, 1, 2),
            (from, to) -> from.get(1) == 2 && to.get(1) == 5));

    fit.require(Path.of("m"), "config.json");
  }
}
