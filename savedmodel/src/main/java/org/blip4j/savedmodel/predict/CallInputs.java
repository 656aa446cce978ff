package org.blip4j.savedmodel.predict;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.Tensor;

/** What a call is given, checked before anything native is made of it. */
final class CallInputs {
  /** Formats of which the graph reads none or not all. */
  private static final ImmutableSet<ImageInfo.ImageFormat> FOREIGN =
      Sets.immutableEnumSet(
          ImageInfo.ImageFormat.WEBP, ImageInfo.ImageFormat.TIFF, ImageInfo.ImageFormat.BMP);

  /** Bytes a pixel: Java's picture, and a PNG in Java's memory and as a tensor. */
  private static final long CONVERTED_BYTES = 10;

  private final Map<String, InputColumn> columns = new LinkedHashMap<>();
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

  /** Some rows as a call of their own. */
  CallInputs part(int... some) {
    return join(Collections.nCopies(some.length, this), some);
  }

  /** How many rows there are. */
  int rows() {
    return rows;
  }

  /** Names of the inputs. */
  Iterable<String> names() {
    return columns.keySet();
  }

  /** The values of an input; to be closed. */
  Tensor tensor(String name) {
    return columns.get(name).tensor();
  }

  /** Why a row fails whatever the graph says of it. */
  Optional<String> problem(int row) {
    return Optional.ofNullable(problems.get(row));
  }

  /**
   * The bytes of image files, one a row, as they are. What is wrong with a file the graph says
   * itself, but for formats of which it knows nothing: {@link #unread} makes them readable.
   */
  CallInputs files(String name, String argument, List<byte[]> files) {
    byte[][] all = rows(argument, files).toArray(new byte[0][]);
    requireAll(argument, "give the bytes of an image file, or no bytes", (Object[]) all);
    rows = all.length;
    columns.put(name, new InputColumn.Files(all));
    return this;
  }

  /**
   * What makes files of formats that the graph does not know such as it knows, each distinct file
   * by itself. A file that cannot be decoded fails its rows with what {@link EncodedImage} says.
   */
  List<Runnable> unread() {
    IdentityHashMap<byte[], List<Place>> places = new IdentityHashMap<>(); // it may be in many rows
    List<Runnable> all = new ArrayList<>();
    columns.forEach(
        (name, column) -> {
          for (int row = 0; column instanceof InputColumn.Files images && row < rows; row++) {
            byte[] file = images.files()[row];
            if (isForeign(file)) {
              if (!places.containsKey(file)) {
                List<Place> own = new ArrayList<>();
                places.put(file, own);
                all.add(() -> convert(file, own));
              }
              places.get(file).add(new Place(name, images, row));
            }
          }
        });
    return all;
  }

  /** Where a file is given. */
  private record Place(String input, InputColumn.Files images, int row) {}

  private void convert(byte[] file, List<Place> places) {
    ByteString whole = ImageBytes.wrap(file);
    try {
      ByteString bytes = EncodedImage.of(whole).bytes();
      byte[] readable = bytes.equals(whole) ? file : bytes.toByteArray();
      places.forEach(place -> place.images().files()[place.row()] = readable);
    } catch (SampleException e) {
      if (format(file).equals(Optional.of(ImageInfo.ImageFormat.BMP))) {
        return; // the graph says what is wrong with it
      }
      for (Place place : places) {
        String why = whose(place.input()) + e.getMessage();
        problems.merge(
            place.row(),
            why,
            (one, two) -> Stream.of(one, two).sorted().collect(Collectors.joining("; ")));
        place.images().files()[place.row()] = new byte[0];
      }
    }
  }

  private static Optional<ImageInfo.ImageFormat> format(byte[] file) {
    return ImageInfo.ImageFormat.of(ImageBytes.wrap(file));
  }

  private static boolean isForeign(byte[] file) {
    return format(file).filter(FOREIGN::contains).isPresent();
  }

  /** About how many bytes are held while all files are made readable. */
  long convertedBytes() {
    long bytes = 0;
    IdentityHashMap<byte[], Long> counted = new IdentityHashMap<>();
    for (InputColumn.Files images : pictures()) {
      for (byte[] file : images.files()) {
        if (!counted.containsKey(file)) {
          counted.put(file, convertedBytes(file));
          bytes += counted.get(file);
        }
      }
    }
    return bytes;
  }

  /** The same of one image of a row. */
  long convertedBytes(int row, int which) {
    return convertedBytes(pictures().get(which).files()[row]);
  }

  private static long convertedBytes(byte[] file) {
    if (!isForeign(file)) {
      return 0;
    }
    try {
      ImageInfo info = ImageInfo.inspect(ImageBytes.wrap(file));
      return CONVERTED_BYTES * info.width() * info.height();
    } catch (SampleException e) {
      return 0; // nothing will be decoded
    }
  }

  private List<InputColumn.Files> pictures() {
    return columns.values().stream()
        .filter(InputColumn.Files.class::isInstance)
        .map(InputColumn.Files.class::cast)
        .toList();
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
    columns.put(name, new InputColumn.Texts(all));
    return this;
  }

  /** Numbers, one a row. */
  CallInputs numbers(String name, long... numbers) {
    rows = numbers.length;
    columns.put(name, new InputColumn.Numbers(numbers.clone()));
    return this;
  }

  /**
   * Which images each row has: equal files have equal numbers; none where there are no images.
   *
   * @return {@code [rows][images of a row]}
   */
  int[][] images() {
    List<InputColumn.Files> files = pictures();
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

  /** How many given answers are read whole for a row, at most of all rows; 0 if none are given. */
  long candidates() {
    if (columns.get(ServingSignature.ANSWERS) instanceof InputColumn.Texts lists
        && columns.get(ServingSignature.TOP_K) instanceof InputColumn.Numbers most) {
      long longest =
          Arrays.stream(lists.texts())
              .distinct()
              .mapToLong(list -> list.lines().count())
              .max()
              .orElse(0);
      return Math.min(longest, Arrays.stream(most.numbers()).max().orElse(0));
    }
    return 0;
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
