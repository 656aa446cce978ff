package org.blip4j.training.run;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.pipeline.Pair;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.image.DecodedImages;
import org.blip4j.ops.image.ImageDecoding;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Decodes, augments and normalises the images of a batch in a graph and session of its own.
 *
 * <p>What is random about an image depends on its seed alone.
 */
final class PreparedPixels implements Closeable {
  private final Graph graph = new Graph();
  private final Session session;
  private final Operand<TString> bytes;
  private final Operand<TInt64> seeds;
  private final DecodedImages decoded;
  private final int rowSize;

  /**
   * The pixels of a batch.
   *
   * @param pixels {@code [B, S, S, 3]}; 0 in rows that failed
   * @param problems one for each row, empty where there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on to be fed
  record Prepared(float[] pixels, List<String> problems) {}

  PreparedPixels(ImageInput input, int size, ConfigProto config) {
    GraphContext ctx = GraphContext.create(graph, Mode.TRAIN);
    this.rowSize = size * size * 3;
    this.bytes =
        ctx.tf()
            .withName("bytes")
            .placeholder(TString.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
    this.seeds =
        ctx.tf()
            .withName("seeds")
            .placeholder(TInt64.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
    this.decoded = new ImageDecoding(size).apply(ctx, bytes);
    this.session = new Session(graph, config);
  }

  Prepared prepare(List<Pair> pairs, long[] pairSeeds) {
    NdArray<byte[]> files = NdArrays.ofObjects(byte[].class, Shape.of(pairs.size()));
    for (int row = 0; row < pairs.size(); row++) {
      ByteString image = pairs.get(row).image();
      files.setObject(image.toByteArray(), row);
    }
    try (TString fedBytes = TString.tensorOfBytes(files);
        TInt64 fedSeeds = TInt64.vectorOf(pairSeeds);
        Result result =
            session
                .runner()
                .feed(bytes, fedBytes)
                .feed(seeds, fedSeeds)
                .fetch(decoded.pixels())
                .fetch(decoded.status())
                .run()) {
      float[] pixels = new float[rowSize * pairs.size()];
      ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(pixels);
      TString status = (TString) result.get(1);
      List<String> problems = new ArrayList<>();
      for (int row = 0; row < pairs.size(); row++) {
        problems.add(status.getObject(row));
      }
      return new Prepared(pixels, problems);
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
