package org.blip4j.savedmodel.predict;

import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** What a call is given, checked before anything native is made of it. */
final class CallInputs {
  /** A value for each row. */
  private sealed interface Column {
    /** The values of some rows; to be closed. */
    Tensor tensor(int... rows);

    /** A column of the same kind: of each of the columns one row. */
    Column join(List<Column> columns, int... rows);
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Files(byte[][] files) implements Column {
    @Override
    public Tensor tensor(int... rows) {
      return TString.tensorOfBytes(
          NdArrays.vectorOfObjects(
              Arrays.stream(rows).mapToObj(row -> files[row]).toArray(byte[][]::new)));
    }

    @Override
    public Column join(List<Column> columns, int... rows) {
      byte[][] all = new byte[rows.length][];
      Arrays.setAll(all, i -> ((Files) columns.get(i)).files()[rows[i]]);
      return new Files(all);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Texts(String[] texts) implements Column {
    @Override
    public Tensor tensor(int... rows) {
      return TString.vectorOf(
          Arrays.stream(rows).mapToObj(row -> texts[row]).toArray(String[]::new));
    }

    @Override
    public Column join(List<Column> columns, int... rows) {
      String[] all = new String[rows.length];
      Arrays.setAll(all, i -> ((Texts) columns.get(i)).texts()[rows[i]]);
      return new Texts(all);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Numbers(long[] numbers) implements Column {
    @Override
    public Tensor tensor(int... rows) {
      long[] some = Arrays.stream(rows).mapToLong(row -> numbers[row]).toArray();
      return TInt64.tensorOf(Shape.of(some.length), DataBuffers.of(some, true, false));
    }

    @Override
    public Column join(List<Column> columns, int... rows) {
      long[] all = new long[rows.length];
      Arrays.setAll(all, i -> ((Numbers) columns.get(i)).numbers()[rows[i]]);
      return new Numbers(all);
    }
  }

  private final Map<String, Column> columns = new LinkedHashMap<>();
  private final Map<Integer, String> problems = new HashMap<>();
  private int rows;

  /** One call of rows of several calls of one signature: of each the row of that number. */
  static CallInputs join(List<CallInputs> calls, int... rows) {
    CallInputs joined = new CallInputs();
    joined.rows = rows.length;
    calls
        .get(0)
        .columns
        .forEach(
            (name, first) ->
                joined.columns.put(
                    name,
                    first.join(calls.stream().map(call -> call.columns.get(name)).toList(), rows)));
    for (int i = 0; i < rows.length; i++) {
      int row = i;
      calls.get(i).problem(rows[i]).ifPresent(why -> joined.problems.put(row, why));
    }
    return joined;
  }

  /** How many rows there are. */
  int rows() {
    return rows;
  }

  /** Names of the inputs. */
  Iterable<String> names() {
    return columns.keySet();
  }

  /** The values of an input for some rows; to be closed. */
  Tensor tensor(String name, int... some) {
    return columns.get(name).tensor(some);
  }

  /** Why a row fails whatever the graph says of it. */
  Optional<String> problem(int row) {
    return Optional.ofNullable(problems.get(row));
  }

  /**
   * The bytes of image files, one a row, in the form that the graph reads. What is wrong with a
   * file the graph says itself, but for WebP and TIFF, of which it knows nothing: such a row fails
   * with what {@link EncodedImage} says.
   */
  CallInputs files(String name, String argument, List<byte[]> files) {
    byte[][] all = rows(argument, files).toArray(new byte[0][]);
    requireAll(argument, "give the bytes of an image file, or no bytes", (Object[]) all);
    rows = all.length;
    IdentityHashMap<byte[], byte[]> encoded = new IdentityHashMap<>(); // it may be in many rows
    for (int row = 0; row < all.length; row++) {
      ByteString file = ImageBytes.wrap(all[row]);
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
    columns.put(name, new Files(all));
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
  CallInputs texts(String name, String argument, List<String> texts) {
    String[] all = rows(argument, texts).toArray(new String[0]);
    requireAll(argument, "give a text, or \"\"", (Object[]) all);
    rows = all.length;
    columns.put(name, new Texts(all));
    return this;
  }

  /** Numbers, one a row. */
  CallInputs numbers(String name, long... numbers) {
    rows = numbers.length;
    columns.put(name, new Numbers(numbers.clone()));
    return this;
  }

  /**
   * Which images each row has: equal files have equal numbers; none where there are no images.
   *
   * @return {@code [rows][images of a row]}
   */
  int[][] images() {
    List<Files> files = new ArrayList<>();
    columns
        .values()
        .forEach(
            column -> {
              if (column instanceof Files images) {
                files.add(images);
              }
            });
    IdentityHashMap<byte[], Integer> known = new IdentityHashMap<>();
    Map<Object, Integer> numbers = new HashMap<>();
    int[][] result = new int[rows][files.size()];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < files.size(); i++) {
        result[row][i] =
            known.computeIfAbsent(
                files.get(i).files()[row],
                file ->
                    numbers.computeIfAbsent(
                        Hashing.murmur3_128().hashBytes(file), hash -> numbers.size()));
      }
    }
    return result;
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
