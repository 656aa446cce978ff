package org.blip4j.tools.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.TextFile;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.tools.infer.NpyWriter;

/**
 * A finished index: features of length 1, {@code [N, E]}, mapped into memory, and what picture each
 * row is of.
 *
 * <p>The folder has {@value #FEATURES} (float32), {@value #NAMES} (a name a line, for other
 * programs), {@value #PICTURES} (a {@link Picture} a line) and {@value #INFO}.
 */
final class FeatureIndex {
  static final String INFO = "index.json";
  static final String FEATURES = "features.npy";
  static final String NAMES = "features.txt";
  static final String PICTURES = "pictures.jsonl";

  /** Rows that are mapped as one, and that a thread takes at once. */
  private static final int BLOCK = 1 << 14;

  /** Rows that are copied out of the map at once: as many as a processor's own memory holds. */
  private static final int COPIED = 64;

  private static final ObjectReader PICTURE = JsonMapper.builder().build().readerFor(Picture.class);

  /**
   * Content of {@value #INFO}.
   *
   * @param format version of the layout
   * @param model whose features these are
   * @param precision of its products
   * @param quantize what its products are reduced to
   * @param rows N; 0 while the index is being made
   * @param width E
   * @param picturesSha256 of the file {@value #PICTURES}, which tells that the files belong
   *     together
   */
  record Info(
      int format,
      CapFiltModels.Identity model,
      String precision,
      String quantize,
      int rows,
      int width,
      String picturesSha256) {
    static final int FORMAT = 1;

    Info {
      if (format != FORMAT) {
        throw new IllegalArgumentException(
            "format is %d; this version reads format %d".formatted(format, FORMAT));
      }
      Objects.requireNonNull(model, "model is missing");
      if (rows < 0 || width < 0) {
        throw new IllegalArgumentException("rows or width is negative");
      }
    }

    Info with(int newRows, int newWidth, String sha256) {
      return new Info(format, model, precision, quantize, newRows, newWidth, sha256);
    }

    /** Empty if features of both may stand in one index, otherwise what differs, in words. */
    String differenceTo(Info other) {
      List<String> differences = new ArrayList<>();
      if (!differenceTo(other.model).isEmpty()) {
        differences.add(differenceTo(other.model));
      }
      if (!precision.equals(other.precision)) {
        differences.add("precision is %s there, %s here".formatted(precision, other.precision));
      }
      if (!quantize.equals(other.quantize)) {
        differences.add("quantize is %s there, %s here".formatted(quantize, other.quantize));
      }
      return String.join("; ", differences);
    }

    String differenceTo(CapFiltModels.Identity other) {
      return model.sha256().equals(other.sha256())
          ? ""
          : "model is %s there, %s here".formatted(words(model), words(other));
    }

    private static String words(CapFiltModels.Identity model) {
      String hash = model.sha256();
      return "%s (SHA-256 %s)"
          .formatted(model.path(), hash.substring(0, Math.min(8, hash.length())));
    }
  }

  private final Path folder;
  private final Info info;
  private final ImmutableList<String> pictures;
  private final ImmutableList<FloatBuffer> blocks;

  private FeatureIndex(
      Path folder, Info info, ImmutableList<String> pictures, ImmutableList<FloatBuffer> blocks) {
    this.folder = folder;
    this.info = info;
    this.pictures = pictures;
    this.blocks = blocks;
  }

  /**
   * Opens an index.
   *
   * @throws IOException if there is none, if it is not finished or damaged; says how to mend it
   */
  static FeatureIndex open(Path folder) throws IOException {
    Path file = folder.resolve(INFO);
    if (!Files.exists(file)) {
      throw new IOException(
          Files.exists(folder.resolve(IndexWriter.STATE))
              ? folder + " is not finished; give the same search index command again"
              : folder
                  + ": no index there (it has no %s); make one with search index".formatted(INFO));
    }
    try {
      Info info = JsonFile.read(file).as(Info.class);
      String lines = TextFile.read(folder.resolve(PICTURES));
      if (!sha256(lines).equals(info.picturesSha256())) {
        throw new IOException(PICTURES + " is not the one that it was made with");
      }
      ImmutableList<String> pictures = lines.lines().collect(ImmutableList.toImmutableList());
      if (pictures.size() != info.rows()) {
        throw new IOException(
            "%s has %d lines for %d rows".formatted(PICTURES, pictures.size(), info.rows()));
      }
      return new FeatureIndex(folder, info, pictures, map(folder.resolve(FEATURES), info));
    } catch (IllegalArgumentException | IOException e) {
      throw new IOException(
          "%s is damaged: %s; make it anew with search index --overwrite"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  static String sha256(String text) {
    return Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString();
  }

  private static ImmutableList<FloatBuffer> map(Path file, Info info) throws IOException {
    long row = (long) info.width() * Float.BYTES;
    long expected = NpyWriter.HEADER + info.rows() * row;
    ImmutableList.Builder<FloatBuffer> blocks = ImmutableList.builder();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() != expected) {
        throw new IOException(
            "%s has %d bytes; %d rows of %d numbers have %d"
                .formatted(FEATURES, channel.size(), info.rows(), info.width(), expected));
      }
      byte[] header = new byte[NpyWriter.HEADER];
      channel.map(FileChannel.MapMode.READ_ONLY, 0, header.length).get(header);
      if (!Arrays.equals(header, NpyWriter.header(info.rows(), info.width()))) {
        throw new IOException(FEATURES + " has the header of another array");
      }
      for (long first = 0; first < info.rows(); first += BLOCK) {
        long rows = Math.min(BLOCK, info.rows() - first);
        blocks.add(
            channel
                .map(FileChannel.MapMode.READ_ONLY, header.length + first * row, rows * row)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer());
      }
    }
    return blocks.build();
  }

  Info info() {
    return info;
  }

  int size() {
    return info.rows();
  }

  /** The picture of a row. */
  Picture picture(int row) throws IOException {
    try {
      return PICTURE.readValue(pictures.get(row));
    } catch (JsonProcessingException e) {
      throw new IOException(
          "%s: %s line %d cannot be read; make the index anew with search index --overwrite"
              .formatted(folder, PICTURES, row + 1),
          e);
    }
  }

  /** The feature of a row. */
  float[] feature(int row) {
    float[] feature = new float[info.width()];
    blocks.get(row / BLOCK).get(row % BLOCK * info.width(), feature);
    return feature;
  }

  /** Reads all features once, so that the first query finds them in memory. */
  CompletableFuture<Void> readAhead() {
    return CompletableFuture.runAsync(() -> cosines(new float[info.width()]));
  }

  /** The inner products of all rows with a feature, which are cosines; all cores work. */
  float[] cosines(float[] query) {
    if (query.length != info.width()) {
      throw new IllegalArgumentException(
          "the model's features have %d numbers, those of %s %d"
              .formatted(query.length, folder, info.width()));
    }
    float[] cosines = new float[size()];
    IntStream.range(0, blocks.size()).parallel().forEach(block -> multiply(block, query, cosines));
    return cosines;
  }

  private void multiply(int block, float[] query, float[] into) {
    FloatBuffer features = blocks.get(block).duplicate();
    int width = query.length;
    int rows = features.remaining() / width;
    float[] copy = new float[COPIED * width];
    for (int first = 0; first < rows; first += COPIED) {
      int count = Math.min(COPIED, rows - first);
      features.get(copy, 0, count * width);
      for (int row = 0; row < count; row++) {
        into[block * BLOCK + first + row] = product(copy, row * width, query);
      }
    }
  }

  /** Several sums that do not wait for each other. */
  private static float product(float[] rows, int begin, float[] query) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    int i = 0;
    for (; i + 3 < query.length; i += 4) {
      sum0 += rows[begin + i] * query[i];
      sum1 += rows[begin + i + 1] * query[i + 1];
      sum2 += rows[begin + i + 2] * query[i + 2];
      sum3 += rows[begin + i + 3] * query[i + 3];
    }
    for (; i < query.length; i++) {
      sum0 += rows[begin + i] * query[i];
    }
    return sum0 + sum1 + (sum2 + sum3);
  }

  /** The rows of the greatest scores, the best first; of equal ones the earlier row. */
  static List<Integer> best(float[] scores, int count) {
    Comparator<Integer> order =
        Comparator.<Integer>comparingDouble(row -> scores[row]).thenComparing(row -> -row);
    PriorityQueue<Integer> kept = new PriorityQueue<>(order);
    for (int row = 0; row < scores.length; row++) {
      if (kept.size() < count) {
        kept.add(row);
      } else if (scores[row] > scores[kept.peek()]) {
        kept.poll();
        kept.add(row);
      }
    }
    return kept.stream().sorted(order.reversed()).toList();
  }
}
