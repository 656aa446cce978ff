package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.ndarray.Shape;

/**
 * Arrays in a zip archive, as {@code numpy.savez} writes them: the form of the vision transformers
 * that Google published from JAX.
 *
 * <p>Names are those of the entries without {@code .npy}. Arrays must lie uncompressed and
 * row-major; their elements are read in place.
 */
final class NpzFile implements WeightFile {
  private static final String SUFFIX = ".npy";
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{'descr': '([<|=>][a-z][0-9]+)', 'fortran_order': (True|False),"
              + " 'shape': \\(([0-9, ]*)\\),? *\\}\\s*");

  private final Path path;
  private final FileChannel channel;
  private final ImmutableMap<String, StoredTensor> tensors;

  private NpzFile(FileRegion file, ImmutableMap<String, StoredTensor> tensors) {
    this.path = file.path();
    this.channel = file.channel();
    this.tensors = tensors;
  }

  static NpzFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      FileRegion file = FileRegion.whole(path, channel);
      ImmutableMap.Builder<String, StoredTensor> tensors = ImmutableMap.builder();
      for (Map.Entry<String, FileRegion> entry :
          new TreeMap<>(TorchCheckpoint.Directory.read(file)).entrySet()) {
        String name = entry.getKey();
        if (!name.endsWith(SUFFIX)) {
          throw new WeightFileException(path, "entry " + name + " is no array of numpy");
        }
        String array = name.substring(0, name.length() - SUFFIX.length());
        tensors.put(array, array(array, entry.getValue()));
      }
      return new NpzFile(file, tensors.buildOrThrow());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static StoredTensor array(String name, FileRegion entry) throws IOException {
    int version = entry.length() < 12 ? 0 : entry.bytes(MAGIC.length, 1)[0];
    if (version < 1 || version > 3 || !Arrays.equals(entry.bytes(0, MAGIC.length), MAGIC)) {
      throw new WeightFileException(entry.path(), "array " + name + " is damaged");
    }
    int start = version == 1 ? 10 : 12;
    int length = version == 1 ? entry.copy(8, 2).getShort() & 0xffff : entry.copy(8, 4).getInt();
    if (length < 0 || length > entry.length() - start) {
      throw new WeightFileException(entry.path(), "array " + name + " is damaged");
    }
    String text = new String(entry.bytes(start, length), StandardCharsets.ISO_8859_1);
    Matcher header = HEADER.matcher(text);
    if (!header.matches()) {
      throw new WeightFileException(
          entry.path(), "array %s is not one of plain numbers: %s".formatted(name, text.strip()));
    }
    if (header.group(2).equals("True")) {
      throw new WeightFileException(
          entry.path(),
          "array " + name + " lies column by column; save it with numpy.ascontiguousarray");
    }
    TensorView view;
    try {
      view = TensorView.contiguous(shape(header.group(3)));
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new WeightFileException(
          entry.path(), "array %s has the shape (%s)".formatted(name, header.group(3)));
    }
    int data = start + length;
    return StoredTensor.of(
        name, type(entry, name, header.group(1)), view, entry.slice(data, entry.length() - data));
  }

  private static WeightType type(FileRegion entry, String name, String descr)
      throws WeightFileException {
    return switch (descr) {
      case "<f8" -> WeightType.F64;
      case "<f4" -> WeightType.F32;
      case "<f2" -> WeightType.F16;
      case "<i8" -> WeightType.I64;
      case "<i4" -> WeightType.I32;
      case "<i2" -> WeightType.I16;
      case "|i1" -> WeightType.I8;
      case "|u1" -> WeightType.U8;
      case "|b1" -> WeightType.BOOL;
      default ->
          throw new WeightFileException(
              entry.path(), "array %s is of type %s, which is not read".formatted(name, descr));
    };
  }

  private static Shape shape(String sizes) {
    return Shape.of(
        Arrays.stream(sizes.split(","))
            .map(String::strip)
            .filter(size -> !size.isEmpty())
            .mapToLong(Long::parseLong)
            .toArray());
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return "numpy archive";
  }

  @Override
  public ImmutableMap<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
