package org.blip4j.ops.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.ops.testing.GraphTest;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/** Feeding files and fetching bytes. */
abstract class ImageTest extends GraphTest {

  final Operand<TString> files() {
    return ctx.tf().placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
  }

  final Operand<TUint8> image() {
    return ctx.tf().placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, 3)));
  }

  static TString tensor(List<byte[]> files) {
    return TString.tensorOfBytes(NdArrays.vectorOfObjects(files.toArray(new byte[0][])));
  }

  static TUint8 tensor(int height, int width, byte[] pixels) {
    return TUint8.tensorOf(Shape.of(height, width, 3), DataBuffers.of(pixels, true, false));
  }

  final byte[] bytes(Operand<TUint8> fetched, Operand<?> fed, Tensor value) {
    try (Result result = session().runner().feed(fed.asOutput(), value).fetch(fetched).run()) {
      TUint8 tensor = (TUint8) result.get(0);
      byte[] bytes = new byte[Math.toIntExact(tensor.size())];
      tensor.asRawTensor().data().read(bytes);
      return bytes;
    }
  }

  /** Pixels of each row and the statuses. */
  record Rows(List<float[]> pixels, List<String> status) {}

  final Rows rows(ImageDecoding.Result images, Operand<TString> fed, List<byte[]> files) {
    Session.Runner runner = session().runner();
    try (TString value = tensor(files);
        Result result =
            runner
                .feed(fed.asOutput(), value)
                .fetch(images.pixels())
                .fetch(images.status())
                .run()) {
      return rows(result);
    }
  }

  static Rows rows(Result result) {
    TFloat32 pixels = (TFloat32) result.get(0);
    TString status = (TString) result.get(1);
    float[] all = new float[Math.toIntExact(pixels.size())];
    pixels.asRawTensor().data().asFloats().read(all);
    int row = all.length / Math.toIntExact(status.size());
    List<float[]> rows = new ArrayList<>();
    List<String> statuses = new ArrayList<>();
    for (int i = 0; i < status.size(); i++) {
      rows.add(Arrays.copyOfRange(all, i * row, (i + 1) * row));
      statuses.add(status.getObject(i));
    }
    return new Rows(rows, statuses);
  }
}
