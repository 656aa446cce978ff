package org.blip4j.ops.core;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.TensorFlow;
import org.tensorflow.op.Op;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.OpDef;
import org.tensorflow.types.family.TType;

/**
 * A section of a training graph that can be computed a second time: what lies between some results
 * and the nearest operands that are held in memory anyway.
 *
 * <p>Gradients need what the forward pass has computed. A section that is computed again when they
 * are due needs no more memory in the meantime than its inputs (Chen et al. 2016, Training Deep
 * Nets with Sublinear Memory Cost). Layers mark such inputs by {@link #keep}, as a rule the states
 * between blocks.
 *
 * <p>The copy gives the same values to the last bit: it shares reads of variables, and its random
 * operations have the same seeds.
 *
 * @param operations in the order in which they can be computed
 * @param inputs what the section begins with: what was kept, what a {@code StopGradient} gives,
 *     placeholders, integers, and what is bound to a device, such as rows that are cut on the CPU
 * @param handles of the variables that are read
 */
public record Section(
    ImmutableSet<GraphOperation> operations,
    ImmutableSet<Output<?>> inputs,
    ImmutableSet<Output<?>> handles) {
  private static final String CUT = "StopGradient";
  private static final String KEPT = "kept_for_gradients";

  /** Sizes and places: shared, so that shapes stay known. */
  private static final DataType SIZE = DataType.DT_INT32;

  /** Beside sizes, numbers of tokens, seeds, and counters of random numbers. */
  private static final ImmutableSet<DataType> INTEGERS =
      Sets.immutableEnumSet(SIZE, DataType.DT_INT64, DataType.DT_UINT64);

  /** TensorFlow's list of its operations, which takes a third of a second to read. */
  private static final class Definitions {
    private static final ImmutableMap<String, OpDef> BY_TYPE =
        TensorFlow.registeredOpList().getOpList().stream()
            .collect(ImmutableMap.toImmutableMap(OpDef::getName, def -> def));
  }

  /**
   * Marks an operand as one that is held until the backward pass, where the mode is {@link
   * Mode#TRAIN_RECOMPUTING}: gradients are taken section by section, from mark to mark. Everywhere
   * else it is the operand itself.
   */
  public static <T extends TType> Operand<T> keep(GraphContext ctx, Operand<T> x) {
    return ctx.mode() == Mode.TRAIN_RECOMPUTING ? ctx.tf().withName(KEPT).stopGradient(x) : x;
  }

  /** Whether an operand is what {@link #keep} has returned. */
  public static boolean kept(Output<?> x) {
    String name = x.op().name();
    return x.op().type().equals(CUT) && name.startsWith(KEPT, name.lastIndexOf('/') + 1);
  }

  /** What {@link #keep} was given for a kept operand: the result of the section before it. */
  public static Output<?> resultBehind(Output<?> kept) {
    return ((GraphOperation) kept.op()).input(0);
  }

  /** The section that ends with some results. */
  public static Section before(Collection<? extends Output<?>> results) {
    Set<GraphOperation> ordered = new LinkedHashSet<>();
    Set<Output<?>> inputs = new LinkedHashSet<>();
    Set<Output<?>> handles = new LinkedHashSet<>();
    Set<GraphOperation> seen = new HashSet<>();
    Deque<GraphOperation> open = new ArrayDeque<>();
    results.forEach(result -> add(result, inputs, open));
    while (!open.isEmpty()) {
      GraphOperation operation = open.peekLast();
      if (!seen.add(operation)) {
        ordered.add(open.removeLast());
      } else {
        if (operation.type().equals("VarHandleOp")) {
          handles.add(operation.output(0));
        }
        for (Operand<?> input : operation.inputs()) {
          if (!seen.contains((GraphOperation) input.op())) {
            add(input.asOutput(), inputs, open);
          }
        }
      }
    }
    return new Section(
        ImmutableSet.copyOf(ordered), ImmutableSet.copyOf(inputs), ImmutableSet.copyOf(handles));
  }

  private static void add(Output<?> x, Set<Output<?>> inputs, Deque<GraphOperation> open) {
    GraphOperation operation = (GraphOperation) x.op();
    String type = operation.type();
    if ((type.equals(CUT) && !OwnGradient.cuts(operation))
        || type.equals("Placeholder")
        || INTEGERS.contains(x.dataType())
        || !operation.device().isEmpty()) {
      inputs.add(x);
    } else {
      open.add(operation);
    }
  }

  /**
   * Adds the section again, in the scope and on the device of a context.
   *
   * @param gates what is computed before the copy begins; without it TensorFlow's optimiser would
   *     find that the copy does what the section does, and keep one of them
   * @return of each input and each result its copy; what is not in it is shared
   */
  public Map<Output<?>, Output<?>> again(GraphContext ctx, List<? extends Op> gates) {
    GraphContext gated = ctx.after(gates);
    Map<Output<?>, Output<?>> copies = new HashMap<>();
    for (Output<?> input : inputs) {
      if (input.dataType() != SIZE) {
        copies.put(input, gated.op("Identity", "kept").addInput(input).build().output(0));
      }
    }
    for (GraphOperation operation : operations) {
      if (operation.numInputs() > 0 && !operation.type().equals("ReadVariableOp")) {
        copy(ctx, operation, copies);
      }
    }
    return copies;
  }

  private static void copy(
      GraphContext ctx, GraphOperation operation, Map<Output<?>, Output<?>> copies) {
    String name = operation.name();
    OperationBuilder builder = ctx.op(operation.type(), name.substring(name.lastIndexOf('/') + 1));
    OpDef definition = Definitions.BY_TYPE.get(operation.type());
    int next = 0;
    for (OpDef.ArgDef argument : definition.getInputArgList()) {
      boolean list = !(argument.getNumberAttr() + argument.getTypeListAttr()).isEmpty();
      int count = list ? operation.inputListLength(argument.getName()) : 1;
      Output<?>[] given = new Output<?>[count];
      for (int i = 0; i < count; i++) {
        Output<?> input = operation.input(next++);
        given[i] = copies.getOrDefault(input, input);
      }
      builder = list ? builder.addInputList(given) : builder.addInput(given[0]);
    }
    for (OpDef.AttrDef attribute : definition.getAttrList()) {
      AttrValue value = operation.attributes().getAttrValueProto(attribute.getName());
      builder = builder.setAttr(attribute.getName(), value);
    }
    for (GraphOperation before : operation.controlInputs()) {
      builder = builder.addControlInput(before);
    }
    Operation copy = builder.build();
    for (int i = 0; i < operation.numOutputs(); i++) {
      copies.put(operation.output(i), copy.output(i));
    }
  }
}
