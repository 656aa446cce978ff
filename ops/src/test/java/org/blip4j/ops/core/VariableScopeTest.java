package org.blip4j.ops.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;

final class VariableScopeTest extends GraphTest {

  @Test
  void listsVariablesInTheOrderOfTheirCreation() {
    VariableScope text = vars.child("text").child("0");
    text.create("kernel", Shape.of(2, 3), Initializer.zeros());
    vars.createState("queue", Shape.of(4), Initializer.ones());
    vars.createCounter("pointer", Shape.of(1), 7);
    assertEquals(
        List.of("text/0/kernel", "queue", "pointer"),
        vars.all().stream().map(Variable::name).toList());
    assertEquals(List.of("text/0/kernel"), vars.trainable().stream().map(Variable::name).toList());
  }

  @Test
  void refusesANameThatIsTaken() {
    vars.create("bias", Shape.of(1), Initializer.zeros());
    var error =
        assertThrows(
            IllegalStateException.class,
            () -> vars.create("bias", Shape.of(1), Initializer.zeros()));
    assertEquals(
        "variable bias exists already; to share it, pass the layer that owns it",
        error.getMessage());
  }

  @Test
  void drawsTheSameValuesForTheSameNameAndOthersForAnother() {
    Variable<TFloat32> a = vars.create("a", Shape.of(8), new Initializer.Normal(1f));
    Variable<TFloat32> b = vars.create("b", Shape.of(8), new Initializer.Normal(1f));
    Operand<TFloat32> again =
        new Initializer.Normal(1f)
            .build(ctx, ctx.tf().constant(new long[] {8}), Randomness.stream(1, "a"));
    float[] first = run(ctx.read(a));
    assertArrayEquals(first, run(again));
    assertFalse(Arrays.equals(first, run(ctx.read(b))));
  }

  @Test
  void noValueStaysInTheSessionBesideItsVariable() {
    Shape shape = Shape.of(64, 64);
    vars.create("drawn", shape, new Initializer.Normal(1f));
    vars.create("uniform", shape, new Initializer.Uniform(1f));
    vars.create("filled", shape, Initializer.zeros());
    vars.createState("queue", shape, new Initializer.UnitRows());
    vars.createCounter("identities", shape, -100);
    RunOptions whole = RunOptions.newBuilder().setOutputPartitionGraphs(true).build();
    try (Session session = new Session(ctx.graph());
        Result result =
            session
                .runner()
                .addTarget(vars.initializeAll())
                .setOptions(whole)
                .runAndFetchMetadata()) {
      for (GraphDef part : result.getMetadata().orElseThrow().getPartitionGraphsList()) {
        for (NodeDef node : part.getNodeList()) {
          assertTrue(node.getSerializedSize() < 1024, node.getName() + " holds a value");
        }
      }
    }
  }

  @Test
  void differentiatesThroughHandlesAndOverriddenValues() {
    Variable<TFloat32> x = vars.create("x", Shape.of(2), new Initializer.Constant(3f));
    GraphContext other = ctx.withValues(Map.of(x, floats(Shape.of(2), 5f, 6f)));
    Operand<TFloat32> loss =
        ctx.tf().reduceSum(ctx.tf().math.square(ctx.read(x)), ctx.tf().constant(0));
    Output<?>[] gradients = ctx.graph().addGradients(loss.asOutput(), new Output<?>[] {x.value()});
    assertArrayEquals(new float[] {6f, 6f}, run(gradients[0].expect(TFloat32.class)));
    assertArrayEquals(new float[] {5f, 6f}, run(other.read(x)));
  }
}
