package org.blip4j.savedmodel.predict;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Closer;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Calls signatures of a session by their definitions, whichever way the session came about, and
 * owns what the session needs.
 *
 * <p>Calls may come from several threads at once. Closing waits for the calls that run; those that
 * come later are refused.
 */
final class SignatureRunner implements AutoCloseable {
  private final Session session;
  private final Map<String, SignatureDef> signatures;
  private final Runnable release;
  private final ReadWriteLock lock = new ReentrantReadWriteLock(true);
  private boolean closed;

  /**
   * A runner.
   *
   * @param release closes the session and all around it
   */
  SignatureRunner(Session session, Map<String, SignatureDef> signatures, Runnable release) {
    this.session = session;
    this.signatures = signatures;
    this.release = release;
  }

  boolean has(ServingSignature signature) {
    return signatures.containsKey(signature.key());
  }

  /**
   * Runs a signature.
   *
   * @throws IllegalArgumentException if the model does not have it
   * @throws IllegalStateException after {@link #close}
   */
  <R> R run(ServingSignature signature, Inputs inputs, Function<Outputs, R> read) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException(
            "this predictor was closed and cannot run "
                + signature.key()
                + "; open the model again, or close it after the last call");
      }
      if (!has(signature)) {
        throw new IllegalArgumentException(
            "this model has no signature %s, only %s; use a model that was trained for it"
                .formatted(signature.key(), String.join(", ", signatures.keySet())));
      }
      return run(signatures.get(signature.key()), inputs, read);
    } finally {
      lock.readLock().unlock();
    }
  }

  private <R> R run(SignatureDef definition, Inputs inputs, Function<Outputs, R> read) {
    try (Closer closer = Closer.create()) {
      Session.Runner runner = session.runner();
      inputs.tensors.forEach(
          (name, maker) -> {
            Tensor tensor = maker.get();
            closer.register(tensor::close);
            runner.feed(definition.getInputsOrThrow(name).getName(), tensor);
          });
      ImmutableList<String> names = ImmutableList.sortedCopyOf(definition.getOutputsMap().keySet());
      names.forEach(name -> runner.fetch(definition.getOutputsOrThrow(name).getName()));
      Result result = runner.run();
      closer.register(result::close);
      return read.apply(new Outputs(result, names, inputs.problems));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing that is closed here reads or writes
    }
  }

  /** Waits for the calls that run, then lets everything go; a second time does nothing. */
  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        release.run();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** What a call is given, checked before anything native is made of it. */
  static final class Inputs {
    private final Map<String, Supplier<Tensor>> tensors = new LinkedHashMap<>();
    private final Map<Integer, String> problems = new HashMap<>();
    private int rows;

    /** How many rows the last one has. */
    int rows() {
      return rows;
    }

    /**
     * The bytes of image files, one a row, in the form that the graph reads. What is wrong with a
     * file the graph says itself, but for WebP and TIFF, of which it knows nothing: such a row
     * fails with what {@link EncodedImage} says.
     */
    Inputs files(String name, String argument, List<byte[]> files) {
      byte[][] all = rows(argument, files).toArray(new byte[0][]);
      requireAll(argument, "give the bytes of an image file, or no bytes", (Object[]) all);
      rows = all.length;
      IdentityHashMap<byte[], byte[]> encoded =
          new IdentityHashMap<>(); // an image may be in many rows
      for (int row = 0; row < all.length; row++) {
        ByteString file = UnsafeByteOperations.unsafeWrap(all[row]);
        Optional<ImageInfo.ImageFormat> format = ImageInfo.ImageFormat.of(file);
        try {
          if (!encoded.containsKey(all[row])) {
            ByteString bytes = EncodedImage.of(file).bytes();
            encoded.put(all[row], bytes.equals(file) ? all[row] : bytes.toByteArray());
          }
          all[row] = encoded.get(all[row]);
        } catch (SampleException e) {
          if (format.equals(Optional.of(ImageInfo.ImageFormat.WEBP))
              || format.equals(Optional.of(ImageInfo.ImageFormat.TIFF))) {
            problems.merge(row, whose(name) + e.getMessage(), (one, two) -> one + "; " + two);
            all[row] = new byte[0];
          }
        }
      }
      tensors.put(name, () -> TString.tensorOfBytes(NdArrays.vectorOfObjects(all)));
      return this;
    }

    /** How the graph says which of two images is meant. */
    private static String whose(String name) {
      return switch (name) {
        case ServingSignature.LEFT_BYTES -> "left image: ";
        case ServingSignature.RIGHT_BYTES -> "right image: ";
        default -> "";
      };
    }

    /** Texts, one a row. */
    Inputs texts(String name, String argument, List<String> texts) {
      String[] all = rows(argument, texts).toArray(new String[0]);
      requireAll(argument, "give a text, or \"\"", (Object[]) all);
      rows = all.length;
      tensors.put(name, () -> TString.vectorOf(all));
      return this;
    }

    /** Numbers, one a row. */
    Inputs numbers(String name, long... numbers) {
      rows = numbers.length;
      tensors.put(
          name,
          () -> TInt64.tensorOf(Shape.of(numbers.length), DataBuffers.of(numbers, true, false)));
      return this;
    }

    private static <T> List<T> rows(String argument, List<T> rows) {
      return Objects.requireNonNull(rows, argument + " is null; give a list with one for each row");
    }

    private static void requireAll(String argument, String instead, Object... rows) {
      int row = Arrays.asList(rows).indexOf(null);
      if (row >= 0) {
        throw new NullPointerException("%s[%d] is null; %s".formatted(argument, row, instead));
      }
    }
  }

  /** What a call gave; only valid while it is read. */
  static final class Outputs {
    private final Result result;
    private final ImmutableList<String> names;
    private final List<String> statuses;

    private Outputs(Result result, ImmutableList<String> names, Map<Integer, String> problems) {
      this.result = result;
      this.names = names;
      this.statuses = strings(ServingSignature.STATUS);
      problems.forEach(statuses::set);
    }

    int rows() {
      return statuses.size();
    }

    /** Why a row failed; empty if it did not. */
    String status(int row) {
      return ServingSignature.RowStatus.failed(statuses.get(row)) ? statuses.get(row) : "";
    }

    /** What a row that did not fail has to say all the same. */
    String note(int row) {
      return ServingSignature.RowStatus.failed(statuses.get(row)) ? "" : statuses.get(row);
    }

    List<String> strings(String name) {
      List<String> values = new ArrayList<>();
      ((TString) tensor(name)).scalars().forEach(scalar -> values.add(scalar.getObject()));
      return values;
    }

    float[] floats(String name) {
      Tensor tensor = tensor(name);
      float[] values = new float[Math.toIntExact(tensor.shape().size())];
      ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
      return values;
    }

    long[] longs(String name) {
      Tensor tensor = tensor(name);
      long[] values = new long[Math.toIntExact(tensor.shape().size())];
      ((TInt64) tensor).asRawTensor().data().asLongs().read(values);
      return values;
    }

    private Tensor tensor(String name) {
      return result.get(names.indexOf(name));
    }
  }
}
