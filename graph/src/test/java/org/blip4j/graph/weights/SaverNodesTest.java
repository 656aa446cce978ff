package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.blip4j.ops.core.GraphAudit;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

class SaverNodesTest extends GraphTest {
  @TempDir private Path folder;

  @Test
  void savesAndRestoresTheChosenVariables() throws IOException {
    Variable<TFloat32> kernel =
        vars.child("a").create("kernel", Shape.of(2, 2), new Initializer.Normal(1));
    Variable<?> step = vars.createCounter("step", Shape.scalar(), 7);
    vars.create("not_saved", Shape.of(1), Initializer.ones());
    SaverNodes saver = SaverNodes.create(ctx, List.of(kernel, step));
    var clear = kernel.assign(ctx, floats(Shape.of(2, 2), 0, 0, 0, 0));
    String prefix = folder.resolve("variables").toString();
    try (TString path = TString.scalarOf(prefix)) {
      float[] before = run(kernel.value());
      session().runner().feed(saver.filename(), path).fetch(saver.done()).run().close();
      session().runner().addTarget(clear).run().close();
      assertArrayEquals(new float[4], run(kernel.value()));

      session().runner().feed(saver.filename(), path).addTarget(saver.restoreAll()).run().close();

      assertArrayEquals(before, run(kernel.value()));
    }
    assertEquals(
        List.of("a/kernel", "step"),
        TensorBundleReader.open(folder.resolve("variables")).variables().keySet().asList());
  }

  @Test
  void manyNumbersAreReadInParts() {
    List<Variable<TFloat32>> variables = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      variables.add(vars.create("v" + i, Shape.of(1, 700_000), new Initializer.Constant(i + 1)));
    }
    SaverNodes saver = SaverNodes.create(ctx, variables);
    long readers = variables.stream().map(v -> saver.stored(v).op().name()).distinct().count();
    assertTrue(readers > 1 && readers <= 5, readers + " readers");
    try (TString path = TString.scalarOf(folder.resolve("variables").toString())) {
      run(variables.get(0).value());
      session().runner().feed(saver.filename(), path).fetch(saver.done()).run().close();
      for (Variable<TFloat32> variable : variables) {
        var none = ctx.tf().zeros(ctx.tf().constant(new long[] {1, 700_000}), TFloat32.class);
        session().runner().addTarget(variable.assign(ctx, none)).run().close();
      }
      session().runner().feed(saver.filename(), path).addTarget(saver.restoreAll()).run().close();
      for (int i = 0; i < variables.size(); i++) {
        float[] values = run(variables.get(i).value());
        assertEquals(700_000, values.length);
        assertEquals(i + 1, values[0]);
        assertEquals(i + 1, values[values.length - 1]);
      }
    }
  }

  @Test
  void filesAreOnTheCpuAndVariablesAnywhere() {
    Variable<TFloat32> bias = vars.create("bias", Shape.of(1), Initializer.zeros());
    Operation restore = SaverNodes.create(ctx, List.of(bias)).assigns().get(bias);
    List<Operation> targets = List.of(restore);
    assertEquals(List.of(), GraphAudit.of(ctx.graph(), targets, restore, List.of()).pinned());

    Operation bound = bias.assign(ctx.onCpu(), floats(Shape.of(1), 1));
    assertEquals(
        List.of(bound.name()), GraphAudit.of(ctx.graph(), targets, restore, List.of()).pinned());
  }

  @Test
  void tellsLoadersTheNamesOfItsNodes() {
    Variable<TFloat32> bias = vars.create("bias", Shape.of(1), Initializer.zeros());

    SaverDef definition = SaverNodes.create(ctx, List.of(bias)).definition();

    assertEquals("save/filename:0", definition.getFilenameTensorName());
    assertEquals("save/done:0", definition.getSaveTensorName());
    assertEquals("save/restore_all", definition.getRestoreOpName());
    assertThrows(IllegalArgumentException.class, () -> SaverNodes.create(ctx, List.of()));
  }
}
