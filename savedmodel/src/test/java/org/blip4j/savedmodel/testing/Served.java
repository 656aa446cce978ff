package org.blip4j.savedmodel.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** An exported model called as a server calls it: with any bytes, and with no rows at all. */
public final class Served implements AutoCloseable {
  private final SavedModelBundle bundle;

  /** Loads a version of an exported model. */
  public Served(Path version) {
    ConfigProto.Builder config = ConfigProto.newBuilder(); // first calls take a third of the time
    config.getGraphOptionsBuilder().getRewriteOptionsBuilder().setDisableMetaOptimizer(true);
    this.bundle =
        SavedModelBundle.loader(version.toString())
            .withTags("serve")
            .withConfigProto(config.build())
            .load();
  }

  /** UTF-8 bytes of texts. */
  public static byte[][] bytes(String... texts) {
    return Arrays.stream(texts).map(text -> text.getBytes(UTF_8)).toArray(byte[][]::new);
  }

  /**
   * Calls a signature.
   *
   * @param inputs {@code byte[][]}, {@code byte[][][]}, {@code long[]}, {@code long[][]} or {@code
   *     FloatNdArray} by name
   * @return {@code List<String>} or {@code float[]} by name, numbers of all rows after another
   */
  public Map<String, Object> call(String key, Map<String, Object> inputs) {
    SignatureDef signature = bundle.metaGraphDef().getSignatureDefOrThrow(key);
    Session.Runner runner = bundle.session().runner();
    List<Tensor> fed = new ArrayList<>();
    inputs.forEach(
        (name, value) -> {
          fed.add(tensor(value));
          runner.feed(signature.getInputsOrThrow(name).getName(), fed.get(fed.size() - 1));
        });
    List<String> names = new ArrayList<>(signature.getOutputsMap().keySet());
    names.forEach(name -> runner.fetch(signature.getOutputsOrThrow(name).getName()));
    Map<String, Object> outputs = new LinkedHashMap<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < names.size(); i++) {
        outputs.put(names.get(i), values(result.get(i)));
      }
    } finally {
      fed.forEach(Tensor::close);
    }
    return outputs;
  }

  private static Tensor tensor(Object value) {
    if (value instanceof FloatNdArray floats) {
      return TFloat32.tensorOf(floats);
    }
    if (value instanceof long[][] rows) {
      return TInt64.tensorOf(StdArrays.ndCopyOf(rows));
    }
    if (value instanceof long[] numbers) {
      return TInt64.tensorOf(Shape.of(numbers.length), DataBuffers.of(numbers, true, false));
    }
    if (value instanceof byte[][][] table) {
      NdArray<byte[]> cells =
          NdArrays.ofObjects(byte[].class, Shape.of(table.length, table[0].length));
      cells.scalars().forEachIndexed((at, cell) -> cell.setObject(table[(int) at[0]][(int) at[1]]));
      return TString.tensorOfBytes(cells);
    }
    byte[][] rows = (byte[][]) value;
    return TString.tensorOfBytes(
        rows.length == 0
            ? NdArrays.ofObjects(byte[].class, Shape.of(0))
            : NdArrays.vectorOfObjects(rows));
  }

  private static Object values(Tensor tensor) {
    if (tensor instanceof TString strings) {
      List<String> values = new ArrayList<>();
      strings.scalars().forEach(scalar -> values.add(scalar.getObject()));
      return values;
    }
    int size = Math.toIntExact(tensor.shape().size());
    float[] values = new float[size];
    if (tensor instanceof TFloat32 floats) {
      floats.asRawTensor().data().asFloats().read(values);
      return values;
    }
    long[] numbers = new long[size];
    ((TInt64) tensor).asRawTensor().data().asLongs().read(numbers);
    for (int i = 0; i < size; i++) {
      values[i] = numbers[i];
    }
    return values;
  }

  @Override
  public void close() {
    bundle.close();
  }
}
