package org.blip4j.savedmodel.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.testing.GraphTest;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.blip4j.savedmodel.signature.Signatures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

class SavedModelWriterTest extends GraphTest {
  @TempDir private Path folder;

  /** Doubles the input while it is small, then multiplies it with a variable. */
  private ServingGraph.Exportable model() {
    var tf = ctx.tf();
    Variable<TFloat32> kernel =
        vars.child("layer").create("kernel", Shape.of(2, 1), new Initializer.Normal(1));
    Operand<TFloat32> x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 2)));
    Operand<TFloat32> doubled =
        floats(
            WhileLoop.run(
                    ctx,
                    WhileLoop.Execution.CALLED,
                    List.of(WhileLoop.LoopVariable.of(x)),
                    (inner, in) ->
                        List.of(
                            inner
                                .tf()
                                .math
                                .less(
                                    inner
                                        .tf()
                                        .max(
                                            floats(in.get(0)),
                                            inner.tf().constant(new int[] {0, 1})),
                                    inner.tf().constant(8f))),
                    (inner, in) ->
                        List.of(inner.tf().math.add(floats(in.get(0)), floats(in.get(0)))))
                .get(0));
    Operand<TFloat32> y = tf.linalg.matMul(doubled, ctx.read(kernel), MatMul.transposeA(false));
    tf.withName("unused").math.neg(y);
    SignatureDef signature =
        Signatures.definition(ImmutableMap.of("x", x), ImmutableMap.of("y", y));
    return new ServingGraph.Exportable(
        ctx.graph(), SaverNodes.create(ctx, vars.all()), ImmutableMap.of("score", signature));
  }

  @SuppressWarnings("unchecked") // the loop keeps the type of its variable
  private static Operand<TFloat32> floats(Operand<? extends TType> x) {
    return (Operand<TFloat32>) x;
  }

  private static MetaGraphDef definition(Path version) throws IOException {
    try (InputStream in = Files.newInputStream(version.resolve("saved_model.pb"))) {
      return SavedModel.parseFrom(in).getMetaGraphs(0);
    }
  }

  @Test
  void aLoadedModelComputesWhatTheGraphDid() throws IOException {
    ServingGraph.Exportable model = model();
    SignatureDef signature = model.signatures().get("score");
    Path version =
        SavedModelWriter.write(
            model,
            session(),
            ImmutableMap.of("vocab.txt", "a".getBytes(UTF_8)),
            new ModelExporter.Target(folder, 3, false));
    try (TFloat32 x = TFloat32.tensorOf(Shape.of(3, 2));
        SavedModelBundle bundle = SavedModelBundle.load(version.toString(), "serve")) {
      x.asRawTensor().data().asFloats().write(new float[] {1, 2, 3, -4, 5, 6});
      float[] expected = fetch(session(), signature, x);

      assertArrayEquals(expected, fetch(bundle.session(), signature, x));
    }
    assertEquals(folder.resolve("3"), version);
    assertEquals("a", Files.readString(version.resolve("assets.extra/vocab.txt")));
  }

  private static float[] fetch(Session session, SignatureDef signature, TFloat32 x) {
    try (Result result =
        session
            .runner()
            .feed(signature.getInputsOrThrow("x").getName(), x)
            .fetch(signature.getOutputsOrThrow("y").getName())
            .run()) {
      float[] values = new float[3];
      ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  @Test
  void theGraphHasNoInitialisersAndNoDefaults() throws IOException {
    Path version =
        SavedModelWriter.write(
            model(), session(), ImmutableMap.of(), new ModelExporter.Target(folder, 1, false));

    MetaGraphDef definition = definition(version);
    Set<String> ops =
        definition.getGraphDef().getNodeList().stream()
            .map(NodeDef::getOp)
            .collect(Collectors.toSet());
    assertFalse(ops.contains("StatelessRandomNormal") || ops.contains("Neg"), ops.toString());
    assertEquals(2, definition.getGraphDef().getLibrary().getFunctionCount());
    for (NodeDef node : definition.getGraphDef().getNodeList()) {
      assertFalse(node.containsAttr("transpose_a"), node.getName() + " has a default attribute");
    }
    MetaGraphDef.MetaInfoDef info = definition.getMetaInfoDef();
    assertTrue(info.getStrippedDefaultAttrs());
    assertEquals(List.of("serve"), info.getTagsList());
    assertTrue(
        info.getStrippedOpList().getOpList().stream()
            .anyMatch(op -> op.getName().equals("StatelessWhile")));
    assertEquals("save/restore_all", definition.getSaverDef().getRestoreOpName());
    assertEquals(1, definition.getCollectionDefOrThrow("variables").getBytesList().getValueCount());
  }

  @Test
  void anExistingVersionIsReplacedOnlyOnRequest() throws IOException {
    ServingGraph.Exportable model = model();
    ModelExporter.Target target = new ModelExporter.Target(folder, 1, false);
    SavedModelWriter.write(model, session(), ImmutableMap.of("old", new byte[1]), target);

    IOException refused =
        assertThrows(
            IOException.class,
            () -> SavedModelWriter.write(model, session(), ImmutableMap.of(), target));
    assertTrue(refused.getMessage().contains("let it be replaced"), refused.getMessage());
    assertTrue(Files.exists(folder.resolve("1/assets.extra/old")));

    SavedModelWriter.write(
        model, session(), ImmutableMap.of(), new ModelExporter.Target(folder, 1, true));
    assertFalse(Files.exists(folder.resolve("1/assets.extra/old")));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(folder.resolve("1")), left.toList());
    }
  }

  @Test
  void aVersionIsAPositiveNumber() {
    assertThrows(IllegalArgumentException.class, () -> new ModelExporter.Target(folder, 0, false));
  }
}
