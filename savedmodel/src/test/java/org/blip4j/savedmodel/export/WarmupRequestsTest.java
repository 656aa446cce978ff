package org.blip4j.savedmodel.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.Served;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/** What a server would run first, read by field numbers alone. */
class WarmupRequestsTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(names = {"PRETRAIN", "VQA", "NLVR"})
  void everySignatureHasARequestThatItAnswers(Task task) throws IOException {
    ModelExporter.Exported exported =
        ModelExporter.export(
            TinyModel.write(folder.resolve("model"), task),
            PredictorOptions.defaults(),
            new ModelExporter.Target(folder.resolve("served"), 1, false));
    Path file = exported.folder().resolve("assets.extra").resolve(WarmupRequests.FILE);
    TreeSet<String> warmed = new TreeSet<>();
    try (Served served = new Served(exported.folder());
        TfRecordReader reader = TfRecordReader.open(file)) {
      for (Optional<byte[]> r = reader.next(); r.isPresent(); r = reader.next()) {
        ByteString request = field(field(ByteString.copyFrom(r.get()), 6).get(0), 1).get(0);
        String key = field(field(request, 1).get(0), 3).get(0).toStringUtf8();
        Object status = served.call(key, inputs(request)).get("status");
        // a row of tokens that are all the same has no end
        String tokens = key.endsWith("_tensor") ? "(token_ids does not end .*)?" : "";
        assertTrue(((String) ((List<?>) status).get(0)).matches(tokens), key + ": " + status);
        warmed.add(key);
      }
    }
    assertEquals(new TreeSet<>(exported.signatures()), warmed);
  }

  @Test
  void equalModelsHaveEqualFiles() throws IOException {
    byte[][] files = new byte[2][];
    for (int i = 0; i < files.length; i++) {
      ModelExporter.Exported exported =
          ModelExporter.export(
              TinyModel.write(folder.resolve("model"), Task.CAPTION),
              PredictorOptions.defaults(),
              new ModelExporter.Target(folder.resolve("served"), i + 1, false));
      files[i] =
          Files.readAllBytes(
              exported.folder().resolve("assets.extra").resolve(WarmupRequests.FILE));
    }
    assertArrayEquals(files[0], files[1]);
  }

  private static Map<String, Object> inputs(ByteString request) throws IOException {
    Map<String, Object> inputs = new LinkedHashMap<>();
    for (ByteString entry : field(request, 2)) {
      TensorProto tensor = TensorProto.parseFrom(field(entry, 2).get(0));
      assertEquals(1, tensor.getTensorShape().getDim(0).getSize());
      inputs.put(field(entry, 1).get(0).toStringUtf8(), value(tensor));
    }
    return inputs;
  }

  private static Object value(TensorProto tensor) {
    long[] sizes =
        tensor.getTensorShape().getDimList().stream().mapToLong(dim -> dim.getSize()).toArray();
    if (tensor.getDtype() == DataType.DT_FLOAT) {
      return NdArrays.ofFloats(Shape.of(sizes)); // zeros, as the one number that is written
    }
    if (tensor.getDtype() == DataType.DT_STRING) {
      return new byte[][] {tensor.getStringVal(0).toByteArray()};
    }
    long[] row = new long[sizes.length == 1 ? 1 : (int) sizes[1]];
    Arrays.fill(row, tensor.getInt64Val(0));
    return sizes.length == 1 ? row : new long[][] {row};
  }

  private static List<ByteString> field(ByteString message, int number) throws IOException {
    return UnknownFieldSet.parseFrom(message).getField(number).getLengthDelimitedList();
  }
}
