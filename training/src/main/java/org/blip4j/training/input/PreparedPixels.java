package org.blip4j.training.input;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.Pair;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.image.Augmentation;
import org.blip4j.ops.image.DecodedImages;
import org.blip4j.ops.image.ImageDecoding;
import org.blip4j.training.config.ImageInput;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
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
  private final Optional<Operand<TInt64>> seeds;
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
    ImageDecoding decoding = new ImageDecoding(size);
    if (input.plain()) {
      this.seeds = Optional.empty();
      this.decoded = decoding.apply(ctx, bytes);
    } else {
      Operand<TInt64> fed =
          ctx.tf()
              .withName("seeds")
              .placeholder(TInt64.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE, 2)));
      this.seeds = Optional.of(fed);
      this.decoded = decoding.apply(ctx, bytes, new Augmentation(input.augmentation()), fed);
    }
    this.session = new Session(graph, config);
  }

  Prepared prepare(List<Pair> pairs, long[] pairSeeds) {
    NdArray<byte[]> files = NdArrays.ofObjects(byte[].class, Shape.of(pairs.size()));
    for (int row = 0; row < pairs.size(); row++) {
      ByteString image = pairs.get(row).image();
      files.setObject(image.toByteArray(), row);
    }
    long[] seedPairs = new long[2 * pairSeeds.length];
    for (int row = 0; row < pairSeeds.length; row++) {
      seedPairs[2 * row] = pairSeeds[row];
    }
    try (TString fedBytes = TString.tensorOfBytes(files);
        TInt64 fedSeeds = TInt64.tensorOf(Shape.of(pairs.size(), 2), DataBuffers.of(seedPairs))) {
      Session.Runner runner =
          session.runner().feed(bytes, fedBytes).fetch(decoded.pixels()).fetch(decoded.status());
      seeds.ifPresent(input -> runner.feed(input, fedSeeds));
      return run(runner, pairs.size());
    }
  }

  private Prepared run(Session.Runner runner, int rows) {
    try (Result result = runner.run()) {
      float[] pixels = new float[rowSize * rows];
      ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(pixels);
      TString status = (TString) result.get(1);
      List<String> problems = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
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
