package org.blip4j.tools.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Features that were computed and are not yet in an index, in two files that grow batch by batch:
 * float32 rows, and a line for each that says of which picture it is.
 */
final class StoredFeatures implements Closeable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** How long a feature of length 1 may come out with rounding; zeros of a lost block are not. */
  private static final double ROUNDING = 0.02;

  private final RandomAccessFile features;
  private final RandomAccessFile lines;
  private final Map<Picture, Integer> rows = new ConcurrentHashMap<>(); // asked while one is added
  private int width;

  /** Opens the files of a folder, or makes them, and takes up what is whole in them. */
  StoredFeatures(Path folder) throws IOException {
    features = new RandomAccessFile(folder.resolve("features").toFile(), "rw");
    lines = new RandomAccessFile(folder.resolve(FeatureIndex.PICTURES).toFile(), "rw");
    takeUp();
  }

  /** Takes up what was stored, up to the first row that is not whole. */
  private void takeUp() throws IOException {
    byte[] text = new byte[Math.toIntExact(lines.length())];
    lines.readFully(text);
    int end = 0;
    for (int begin = 0, row = 0; begin < text.length; begin = end, row++) {
      int next = begin;
      while (next < text.length && text[next] != '\n') {
        next++;
      }
      if (next == text.length) {
        break;
      }
      try {
        Stored stored = JSON.readValue(text, begin, next - begin, Stored.class);
        width = stored.width();
        if (!isWhole(row)) {
          break;
        }
        rows.put(stored.picture(), row);
      } catch (JsonProcessingException e) {
        break;
      }
      end = next + 1;
    }
    lines.setLength(end);
    lines.seek(end);
    long whole = (long) rows.size() * width * Float.BYTES;
    features.setLength(Math.min(whole, features.length()));
    features.seek(features.length());
  }

  /** A line of what is stored. */
  private record Stored(int width, Picture picture) {}

  private boolean isWhole(int row) throws IOException {
    if ((row + 1L) * width * Float.BYTES > features.length()) {
      return false;
    }
    double squares = 0;
    for (float value : stored(row)) {
      squares += value * value;
    }
    return Math.abs(squares - 1) < ROUNDING;
  }

  private float[] stored(int row) throws IOException {
    byte[] bytes = new byte[width * Float.BYTES];
    features.seek((long) row * bytes.length);
    features.readFully(bytes);
    float[] values = new float[width];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  boolean has(Picture picture) {
    return rows.containsKey(picture);
  }

  /** How many there are. */
  int size() {
    return rows.size();
  }

  /** E; 0 if there are none. */
  int width() {
    return width;
  }

  /** The feature of a picture that is there. */
  float[] feature(Picture picture) throws IOException {
    return stored(rows.get(picture));
  }

  /** Stores a batch; each feature has length 1. */
  void add(List<Picture> pictures, List<float[]> values) throws IOException {
    if (pictures.isEmpty()) {
      return;
    }
    width = values.get(0).length;
    ByteBuffer bytes =
        ByteBuffer.allocate(values.size() * width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pictures.size(); i++) {
      bytes.position(i * width * Float.BYTES).asFloatBuffer().put(values.get(i));
      text.append(JSON.writeValueAsString(new Stored(width, pictures.get(i)))).append('\n');
    }
    features.seek((long) rows.size() * width * Float.BYTES);
    features.write(bytes.array());
    lines.write(text.toString().getBytes(StandardCharsets.UTF_8));
    for (Picture picture : pictures) {
      rows.put(picture, rows.size());
    }
  }

  @Override
  public void close() throws IOException {
    features.close();
    lines.close();
  }
}
