package org.blip4j.ops.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

final class WhileLoopTest extends GraphTest {

  @ParameterizedTest
  @EnumSource(WhileLoop.Execution.class)
  @SuppressWarnings("unchecked") // the inputs come in the order in which they are declared
  void capturesVariablesAndLetsAValueGrow(WhileLoop.Execution execution) {
    Variable<TFloat32> step = vars.create("step", Shape.of(1), new Initializer.Constant(2f));
    Operand<TFloat32> offset = floats(Shape.of(1), 10f);
    Ops tf = ctx.tf();
    List<Operand<?>> result =
        WhileLoop.run(
            ctx,
            execution,
            List.of(
                WhileLoop.LoopVariable.of(tf.constant(0)),
                new WhileLoop.LoopVariable(floats(Shape.of(1), 1f), Shape.of(-1))),
            (inner, inputs) ->
                List.of(
                    inner.tf().math.less((Operand<TInt32>) inputs.get(0), inner.tf().constant(3))),
            (inner, inputs) -> {
              Operand<TFloat32> next = inner.tf().math.mul(inner.read(step), inner.capture(offset));
              return List.of(
                  inner.tf().math.add((Operand<TInt32>) inputs.get(0), inner.tf().constant(1)),
                  inner
                      .tf()
                      .concat(
                          List.of((Operand<TFloat32>) inputs.get(1), next),
                          inner.tf().constant(0)));
            });
    assertArrayEquals(
        new float[] {1f, 20f, 20f, 20f}, run((Operand<TFloat32>) (Operand<?>) result.get(1)));
  }
}
