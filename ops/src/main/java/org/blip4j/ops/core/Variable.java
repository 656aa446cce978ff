package org.blip4j.ops.core;

import java.util.Objects;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.family.TType;

/**
 * A resource variable: its handle, its name for checkpoints and one cached read.
 *
 * <p>Made by {@link VariableScope}. Layers read it through {@link GraphContext#read}, which also
 * works inside function bodies.
 *
 * @param <T> the element type
 */
public final class Variable<T extends TType> {

  /**
   * What a variable is, apart from its value.
   *
   * @param name the absolute name, which is the name in checkpoints
   * @param shape the static shape
   * @param dtype the element type
   * @param trainable whether an optimizer may change it
   */
  public record Spec(String name, Shape shape, DataType dtype, boolean trainable) {
    /** Checks that the shape is known. */
    public Spec {
      Objects.requireNonNull(name, "name");
      if (shape.hasUnknownDimension()) {
        throw new IllegalArgumentException(
            "variable " + name + " has the unknown shape " + shape + "; give all dimensions");
      }
    }
  }

  private final Spec spec;
  private final GraphOperation handle;
  private final Output<T> value;

  Variable(GraphContext ctx, Spec spec) {
    this.spec = spec;
    this.handle =
        (GraphOperation)
            ctx.absoluteOp("VarHandleOp", spec.name())
                .setAttr("dtype", spec.dtype())
                .setAttr("shape", spec.shape())
                .setAttr("shared_name", spec.name())
                .build();
    this.value =
        ctx.absoluteOp("ReadVariableOp", spec.name() + "/read")
            .addInput(handle.output(0))
            .setAttr("dtype", spec.dtype())
            .build()
            .output(0);
  }

  /** A variable that no scope lists: it takes part in no checkpoint and no training. */
  public static <T extends TType> Variable<T> unlisted(GraphContext ctx, Spec spec) {
    return new Variable<>(ctx, spec);
  }

  /** Name, shape, type and role. */
  public Spec spec() {
    return spec;
  }

  /** The absolute name. */
  public String name() {
    return spec.name();
  }

  /** The static shape. */
  public Shape shape() {
    return spec.shape();
  }

  /** The resource handle. */
  public Output<?> handle() {
    return handle.output(0);
  }

  /** The cached read of the variable's own graph; layers use {@link GraphContext#read}. */
  public Output<T> value() {
    return value;
  }

  /** A read that happens after the context's control dependencies. */
  public Operand<T> readAgain(GraphContext ctx) {
    return ctx.op("ReadVariableOp", "read")
        .addInput(handle.output(0))
        .setAttr("dtype", spec.dtype())
        .build()
        .output(0);
  }

  /** Replaces the value. */
  public Operation assign(GraphContext ctx, Operand<T> newValue) {
    return write(ctx.op("AssignVariableOp", "assign"), newValue);
  }

  /** Adds to the value. */
  public Operation assignAdd(GraphContext ctx, Operand<T> delta) {
    return write(ctx.op("AssignAddVariableOp", "assign_add"), delta);
  }

  /** Subtracts from the value. */
  public Operation assignSub(GraphContext ctx, Operand<T> delta) {
    return write(ctx.op("AssignSubVariableOp", "assign_sub"), delta);
  }

  private Operation write(OperationBuilder operation, Operand<T> operand) {
    return operation
        .addInput(handle.output(0))
        .addInput(operand.asOutput())
        .setAttr("dtype", spec.dtype())
        .build();
  }

  @Override
  public String toString() {
    return spec.name() + spec.shape();
  }
}
