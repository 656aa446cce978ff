package org.blip4j.graph.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * The temperature and the queues of ITC (blip-spec 5.1).
 *
 * <p>Queues lie as {@code [Q, E]}, a row for each entry; published files hold them transposed.
 */
public final class ContrastiveState {
  /** The identity of a queue entry that matches nothing. */
  public static final long NO_IDENTITY = -100;

  private final Variable<TFloat32> temperature;
  private final Variable<TFloat32> imageQueue;
  private final Variable<TFloat32> textQueue;
  private final Variable<TInt64> pointer;
  private final Optional<Variable<TInt64>> identities;
  private final int size;

  private ContrastiveState(
      VariableScope vars, BlipConfig config, ObjectiveConfig objective, boolean withIdentities) {
    this.size = objective.queueSize();
    Shape shape = Shape.of(size, config.embedDim());
    this.temperature =
        vars.create(
            "temp", Shape.scalar(), new Initializer.Constant((float) objective.temperature()));
    this.imageQueue = vars.createState("image_queue", shape, new Initializer.UnitRows());
    this.textQueue = vars.createState("text_queue", shape, new Initializer.UnitRows());
    this.pointer = vars.createCounter(withIdentities ? "ptr_queue" : "queue_ptr", Shape.of(1), 0);
    this.identities =
        withIdentities
            ? Optional.of(vars.createCounter("idx_queue", Shape.of(1, size), NO_IDENTITY))
            : Optional.empty();
  }

  public static ContrastiveState create(
      VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    return new ContrastiveState(vars, config, objective, false);
  }

  public static ContrastiveState createWithIdentities(
      VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    return new ContrastiveState(vars, config, objective, true);
  }

  /** Clamps the temperature in place and returns what it is then. */
  public Operand<TFloat32> clampedTemperature(GraphContext outer) {
    GraphContext ctx = outer.in("temperature");
    Operation clamp =
        temperature.assign(
            ctx,
            ctx.clip(
                temperature.readAgain(ctx.in("before")),
                ObjectiveConfig.SMALLEST_TEMPERATURE,
                ObjectiveConfig.LARGEST_TEMPERATURE));
    Op done = () -> clamp;
    return temperature.readAgain(ctx.after(List.of(done)));
  }

  /** The queues as they are before this step. */
  public ItcLoss.Features queue(GraphContext ctx) {
    return new ItcLoss.Features(ctx.read(imageQueue), ctx.read(textQueue));
  }

  /** Identities of the queue's entries, {@code [Q]}. */
  public Operand<TInt64> queuedIdentities(GraphContext ctx) {
    return ctx.flat(ctx.read(identities.orElseThrow()));
  }

  /**
   * Writes a batch at the pointer and moves the pointer on.
   *
   * @param ctx a context whose control dependencies have read the queues
   * @param batchIdentities {@code [B]}; empty in pre-training
   */
  public List<Op> enqueue(
      GraphContext ctx, ItcLoss.Features batch, Optional<Operand<TInt64>> batchIdentities) {
    Ops tf = ctx.tf();
    Operand<TInt64> rows = tf.dtypes.cast(Shapes.dim(ctx, batch.image(), 0), TInt64.class);
    Operand<TInt64> start = ctx.read(pointer); // [1]
    Operand<TInt64> places = tf.math.add(start, ctx.range(rows)); // [B]
    Operation images = scatter(ctx, imageQueue, places, batch.image());
    Operation texts = scatter(ctx, textQueue, places, batch.text());
    List<Op> writes = new ArrayList<>(List.of(() -> images, () -> texts));
    if (identities.isPresent()) {
      Operand<TInt64> all = queuedIdentities(ctx);
      Operand<TInt64> updated =
          tf.tensorScatterNdUpdate(all, ctx.expandDims(places, 1), batchIdentities.orElseThrow());
      Operation write = identities.get().assign(ctx, ctx.expandDims(updated, 0));
      writes.add(() -> write);
    }
    Operand<TInt64> moved = ctx.floorMod(tf.math.add(start, rows), size);
    Operation move = pointer.assign(ctx.after(writes), moved);
    writes.add(() -> move);
    return List.copyOf(writes);
  }

  private static <T extends TType> Operation scatter(
      GraphContext ctx, Variable<T> queue, Operand<TInt64> places, Operand<T> rows) {
    return ctx.op("ResourceScatterUpdate", "enqueue")
        .addInput(queue.handle())
        .addInput(places.asOutput())
        .addInput(rows.asOutput())
        .setAttr("dtype", queue.spec().dtype())
        .setAttr("Tindices", DataType.DT_INT64)
        .build();
  }
}
