package org.blip4j.ops.checkpoint;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * The nodes that write chosen variables to a TensorFlow V2 checkpoint and read them back, and the
 * {@code SaverDef} that tells a loader of SavedModels where they are.
 *
 * <p>Feed {@link #filename} with the path without {@code .index}; then run {@link #done} to save or
 * {@link #restoreAll} to restore. Tensors are stored under the variables' names.
 */
public final class SaverNodes {
  /** That are read at once, where there are cores: checking sums takes longer than reading. */
  private static final int PARTS = 8;

  /** Numbers of a part. */
  private static final long SMALLEST = 1 << 20;

  private final Output<TString> filename;
  private final Output<TString> done;
  private final List<Output<?>> stored;
  private final Operation restoreAll;
  private final ImmutableMap<Variable<?>, Operation> assigns;

  private SaverNodes(GraphContext ctx, List<? extends Variable<?>> variables) {
    GraphContext host = ctx.onCpu(); // files are; variables stay where they are
    String[] names = variables.stream().map(Variable::name).toArray(String[]::new);
    String[] whole = new String[names.length];
    Arrays.fill(whole, "");
    this.filename =
        host.op("Placeholder", "filename")
            .setAttr("dtype", DataType.DT_STRING)
            .setAttr("shape", Shape.scalar())
            .build()
            .output(0);
    Output<TString> tensors = host.tf().withName("tensors").array(names).asOutput();
    Output<TString> slices = host.tf().withName("slices").array(whole).asOutput();
    Operation save =
        host.op("SaveV2", "SaveV2")
            .addInput(filename)
            .addInput(tensors)
            .addInput(slices)
            .addInputList(variables.stream().map(Variable::value).toArray(Output<?>[]::new))
            .build();
    this.done =
        host.op("Identity", "done").addInput(filename).addControlInput(save).build().output(0);
    this.stored = parts(variables).stream().flatMap(part -> restored(host, part).stream()).toList();
    ImmutableMap.Builder<Variable<?>, Operation> built = ImmutableMap.builder();
    OperationBuilder all = ctx.op("NoOp", "restore_all");
    for (int i = 0; i < variables.size(); i++) {
      Operation assign = assign(ctx, variables.get(i), stored.get(i));
      built.put(variables.get(i), assign);
      all = all.addControlInput(assign);
    }
    this.assigns = built.buildOrThrow();
    this.restoreAll = all.build();
  }

  /**
   * Adds the nodes under {@code save/} of the context's scope.
   *
   * @param variables what a checkpoint holds; at least one
   */
  public static SaverNodes create(GraphContext ctx, List<? extends Variable<?>> variables) {
    if (variables.isEmpty()) {
      throw new IllegalArgumentException("there is no variable to save");
    }
    return new SaverNodes(ctx.in("save"), variables);
  }

  /**
   * An operation that fails where a float variable holds a number that is not finite; the message
   * begins with the variable's name.
   */
  public static Operation finite(GraphContext context, List<? extends Variable<?>> variables) {
    GraphContext ctx = context.in("finite");
    OperationBuilder all = ctx.op("NoOp", "all");
    for (Variable<?> variable : variables) {
      if (variable.spec().dtype() == DataType.DT_FLOAT) {
        all =
            all.addControlInput(
                ctx.op("CheckNumerics", "check")
                    .addInput(variable.value())
                    .setAttr("message", variable.name())
                    .build());
      }
    }
    return all.build();
  }

  /** Where the path of the checkpoint is fed, a scalar. */
  public Operand<TString> filename() {
    return filename;
  }

  /** The path again, once everything is written. */
  public Operand<TString> done() {
    return done;
  }

  /** Gives every variable the value stored under its name. */
  public Op restoreAll() {
    return () -> restoreAll;
  }

  /** The operation that restores one variable, for each. */
  public ImmutableMap<Variable<?>, Operation> assigns() {
    return assigns;
  }

  /**
   * What {@link #restoreAll} gives to a variable; feed it to give a value that is not in a
   * checkpoint.
   */
  public Operand<?> stored(Variable<?> variable) {
    int index = assigns.keySet().asList().indexOf(variable);
    if (index < 0) {
      throw new IllegalArgumentException(variable + " is not saved by these nodes");
    }
    return stored.get(index);
  }

  /** What a loader needs to know of these nodes. */
  public SaverDef definition() {
    return SaverDef.newBuilder()
        .setFilenameTensorName(filename.op().name() + ":0")
        .setSaveTensorName(done.op().name() + ":0")
        .setRestoreOpName(restoreAll.name())
        .setVersion(SaverDef.CheckpointFormatVersion.V2)
        .build();
  }

  /** Variables in their order, in a few parts of about as many bytes each. */
  private static List<List<Variable<?>>> parts(List<? extends Variable<?>> variables) {
    long all = variables.stream().mapToLong(variable -> variable.shape().size()).sum();
    List<List<Variable<?>>> parts = new ArrayList<>();
    long before = 0;
    long border = 0;
    for (Variable<?> variable : variables) {
      if (parts.isEmpty() || before >= border) {
        parts.add(new ArrayList<>());
        border = Math.max(SMALLEST, all * parts.size() / PARTS);
      }
      parts.get(parts.size() - 1).add(variable);
      before += variable.shape().size();
    }
    return parts;
  }

  /** What is stored for some variables; they are read one after the other. */
  private List<Output<?>> restored(GraphContext host, List<Variable<?>> variables) {
    String[] names = variables.stream().map(Variable::name).toArray(String[]::new);
    String[] whole = new String[names.length];
    Arrays.fill(whole, "");
    Operation restore =
        host.op("RestoreV2", "RestoreV2")
            .addInput(filename)
            .addInput(host.tf().withName("tensors").array(names).asOutput())
            .addInput(host.tf().withName("slices").array(whole).asOutput())
            .setAttr(
                "dtypes", variables.stream().map(v -> v.spec().dtype()).toArray(DataType[]::new))
            .build();
    return IntStream.range(0, names.length).<Output<?>>mapToObj(restore::output).toList();
  }

  @SuppressWarnings("unchecked") // it is read as what the variable is
  private static <T extends TType> Operation assign(
      GraphContext ctx, Variable<T> variable, Output<?> stored) {
    return variable.assign(ctx, (Output<T>) stored);
  }
}
