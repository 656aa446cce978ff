package org.blip4j.training.input;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  /**
   * The pixels of a batch, where the decoder left them, in native memory; whoever takes them closes
   * them.
   *
   * @param result holds them
   * @param problems one for each row, empty where there is none; such rows are 0
   */
  record Prepared(Result result, List<String> problems) implements AutoCloseable {
    /** {@code [B, S, S, 3]}, to be fed as they are. */
    TFloat32 pixels() {
      return (TFloat32) result.get(0);
    }

    /** Makes a row the copy of another. */
    void copyRow(int from, int to) {
      pixels().get(from).copyTo(pixels().get(to));
    }

    @Override
    public void close() {
      result.close();
    }
  }

  PreparedPixels(ImageInput input, int size, ConfigProto config) {
    GraphContext ctx = GraphContext.create(graph, Mode.TRAIN);
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

  /**
   * Prepares images.
   *
   * @param seeds one for each image
   */
  Prepared prepare(List<ByteString> images, long[] imageSeeds) {
    NdArray<byte[]> files = NdArrays.ofObjects(byte[].class, Shape.of(images.size()));
    for (int row = 0; row < images.size(); row++) {
      files.setObject(images.get(row).toByteArray(), row);
    }
    long[] seedPairs = new long[2 * imageSeeds.length];
    for (int row = 0; row < imageSeeds.length; row++) {
      seedPairs[2 * row] = imageSeeds[row];
    }
    try (TString fedBytes = TString.tensorOfBytes(files);
        TInt64 fedSeeds = TInt64.tensorOf(Shape.of(images.size(), 2), DataBuffers.of(seedPairs))) {
      Session.Runner runner =
          session.runner().feed(bytes, fedBytes).fetch(decoded.pixels()).fetch(decoded.status());
      seeds.ifPresent(input -> runner.feed(input, fedSeeds));
      Result result = runner.run();
      TString status = (TString) result.get(1);
      List<String> problems = new ArrayList<>();
      for (int row = 0; row < images.size(); row++) {
        problems.add(status.getObject(row));
      }
      return new Prepared(result, problems);
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
