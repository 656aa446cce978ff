package org.blip4j.training.input;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.SampleException;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.image.Augmentation;
import org.blip4j.ops.image.ImageDecoding;
import org.blip4j.training.config.ImageInput;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Decodes, augments and normalises the images of a batch in a graph and session of its own.
 *
 * <p>What is random about an image depends on its seed alone.
 */
final class PreparedPixels implements Closeable {
  private final Graph graph;
  private final Session session;
  private final Operand<TString> bytes;
  private final Optional<Operand<TInt64>> seeds;
  private final ImageDecoding.Result decoded;
  private final Operand<TString> single;
  private final Operand<TInt32> singleShape;

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

    /** Makes a row the copy of one of these or of others. */
    void copyRow(Prepared others, int from, int to) {
      others.pixels().get(from).copyTo(pixels().get(to));
    }

    @Override
    public void close() {
      result.close();
    }
  }

  /** Prepares in a graph and a session of its own. */
  static PreparedPixels open(ImageInput input, int size, ConfigProto config) {
    return open(new Graph(), input, size, config);
  }

  /** The same in a graph that it owns from now on: closed also where nothing comes of it. */
  static PreparedPixels open(Graph graph, ImageInput input, int size, ConfigProto config) {
    try {
      return new PreparedPixels(graph, input, size, config);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  private PreparedPixels(Graph graph, ImageInput input, int size, ConfigProto config) {
    this.graph = graph;
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
    this.single =
        ctx.tf().withName("single").placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    GraphContext cpu = ctx.onCpu();
    this.singleShape = cpu.tf().shape(ImageDecoding.decodeOne(cpu, single));
    this.session = new Session(graph, config);
  }

  /**
   * Prepares images.
   *
   * @param imageSeeds one for each image
   * @param ordinal which of the images of their samples these are, so that those of one sample are
   *     augmented in different ways
   */
  Prepared prepare(List<ByteString> images, long[] imageSeeds, int ordinal) {
    NdArray<byte[]> files = NdArrays.ofObjects(byte[].class, Shape.of(images.size()));
    List<String> problems = new ArrayList<>();
    for (int row = 0; row < images.size(); row++) {
      try {
        files.setObject(EncodedImage.of(images.get(row)).bytes().toByteArray(), row);
        problems.add("");
      } catch (SampleException e) {
        files.setObject(new byte[0], row);
        problems.add(e.getMessage());
      }
    }
    long[] seedPairs = new long[2 * imageSeeds.length];
    for (int row = 0; row < imageSeeds.length; row++) {
      seedPairs[2 * row] = imageSeeds[row];
      seedPairs[2 * row + 1] = ordinal;
    }
    try (TString fedBytes = TString.tensorOfBytes(files);
        TInt64 fedSeeds = TInt64.tensorOf(Shape.of(images.size(), 2), DataBuffers.of(seedPairs))) {
      Session.Runner runner =
          session.runner().feed(bytes, fedBytes).fetch(decoded.pixels()).fetch(decoded.status());
      seeds.ifPresent(input -> runner.feed(input, fedSeeds));
      Result result = runner.run();
      try {
        TString status = (TString) result.get(1);
        for (int row = 0; row < images.size(); row++) {
          if (problems.get(row).isEmpty() && !status.getObject(row).isEmpty()) {
            requireRefused(files.getObject(row));
            problems.set(row, status.getObject(row));
          }
        }
        return new Prepared(result, problems);
      } catch (RuntimeException | Error e) {
        result.close();
        throw e;
      }
    }
  }

  /**
   * Makes sure that it is the decoder that does not take an image: a data set leaves a row out
   * whatever the error is.
   *
   * @throws RuntimeException the error, if it is another one
   */
  private void requireRefused(byte[] file) {
    try (TString fed = TString.tensorOfBytes(NdArrays.scalarOfObject(file));
        Result again = session.runner().feed(single, fed).fetch(singleShape).run()) {
      throw new IllegalStateException(
          "an image was not decoded in its batch and is decoded alone (%s): was there too little"
                  .formatted(again.get(0).shape())
              + " memory?");
    } catch (TFInvalidArgumentException e) {
      return; // damaged
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
