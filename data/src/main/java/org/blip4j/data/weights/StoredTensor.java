package org.blip4j.data.weights;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.tensorflow.ndarray.Shape;

/**
 * One named tensor of a {@link WeightFile}: a view with offset and strides of a storage on disk.
 *
 * <p>Nothing is read before a {@code read} method is called; those deliver the elements in
 * row-major order whatever the strides. Contiguous tensors are read in pieces of 1 MiB straight
 * from the file, others through a mapping, so no second copy of the file is ever held. Reading is
 * safe from several threads; after the file is closed it fails.
 */
public final class StoredTensor {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final long MOST_REPEATED = 1 << 24;

  private final String name;
  private final WeightType type;
  private final TensorView view;
  private final FileRegion storage;
  private final ImmutableList<StoredTensor> parts;

  private StoredTensor(
      String name,
      WeightType type,
      TensorView view,
      FileRegion storage,
      ImmutableList<StoredTensor> parts) {
    this.name = name;
    this.type = type;
    this.view = view;
    this.storage = storage;
    this.parts = parts;
  }

  public static StoredTensor of(String name, WeightType type, TensorView view, FileRegion storage)
      throws WeightFileException {
    long needed;
    try {
      needed = view.extent() == 0 ? 0 : Math.addExact(view.offset(), view.extent());
      needed = Math.multiplyExact(needed, type.bytes());
    } catch (ArithmeticException e) {
      needed = Long.MAX_VALUE;
    }
    if (needed > storage.length()) {
      throw new WeightFileException(
          storage.path(),
          "tensor %s needs %d bytes of a storage that has %d"
              .formatted(name, needed, storage.length()));
    }
    if (view.shape().size() > Math.max(MOST_REPEATED, storage.length() / type.bytes())) {
      throw new WeightFileException(
          storage.path(),
          "tensor %s repeats its elements to %d, far beyond what its storage has"
              .formatted(name, view.shape().size()));
    }
    return new StoredTensor(name, type, view, storage, ImmutableList.of());
  }

  /**
   * Tensors of one type one after another along the first axis, as queries, keys and values are
   * where one map makes them all.
   *
   * @throws IllegalArgumentException if types or further axes differ
   */
  public static StoredTensor stacked(String name, List<StoredTensor> parts) {
    StoredTensor first = parts.get(0);
    long[] sizes = first.shape().asArray();
    sizes[0] = 0;
    for (StoredTensor part : parts) {
      if (part.type != first.type || !part.shape().tail().equals(first.shape().tail())) {
        throw new IllegalArgumentException(
            "%s and %s cannot be stacked to %s".formatted(first, part, name));
      }
      sizes[0] += part.shape().get(0);
    }
    return new StoredTensor(
        name,
        first.type,
        TensorView.contiguous(Shape.of(sizes)),
        first.storage,
        ImmutableList.copyOf(parts));
  }

  /** The elements of a contiguous tensor with other axes. */
  public StoredTensor viewedAs(TensorView other) throws WeightFileException {
    return of(name, type, other, bytes());
  }

  /** The name in the file. */
  public String name() {
    return name;
  }

  /** The file. */
  public Path path() {
    return storage.path();
  }

  /** The element type in the file. */
  public WeightType type() {
    return type;
  }

  /** The shape in the file; known and fixed in every axis. */
  public Shape shape() {
    return view.shape();
  }

  /** Whether both names stand for the same elements of the same storage (a tied tensor). */
  public boolean sameStorage(StoredTensor other) {
    return storage.path().equals(other.storage.path())
        && storage.position() == other.storage.position()
        && type == other.type
        && view.equals(other.view)
        && parts.equals(other.parts);
  }

  /** Whether the elements lie in row-major order without gaps. */
  public boolean isContiguous() {
    return parts.isEmpty() && view.isContiguous();
  }

  /**
   * The elements as floats, row-major.
   *
   * @throws IllegalArgumentException if there are too many elements for one array
   */
  public float[] floats() throws IOException {
    float[] values = new float[count()];
    FloatBuffer target = FloatBuffer.wrap(values);
    if (!view.isTransposed()) {
      read(target);
      return values;
    }
    chunks((data, elements) -> type.toFloats(data, elements, target));
    Shape stored = Shape.of(shape().get(1), shape().get(0));
    return WeightLayout.TRANSPOSED.toOurs(values, stored);
  }

  /** Whether the elements lie in the file as float memory has them. */
  public boolean isPlainFloats() {
    return type == WeightType.F32
        && isContiguous()
        && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  }

  /** Fills memory of the tensor's size with the elements as floats, row-major. */
  public void read(ByteBuffer target) throws IOException {
    requireRoom(target.remaining() / Float.BYTES);
    if (isPlainFloats()) {
      bytes().read(target, 0);
    } else {
      read(target.asFloatBuffer());
    }
  }

  /** Fills {@code target} from an element on; only of {@link #isPlainFloats plain floats}. */
  void readPart(ByteBuffer target, long element) throws IOException {
    bytes().read(target, element * Float.BYTES);
  }

  /** Whether another tensor of the same shape has the same elements, bit for bit. */
  public boolean sameValues(StoredTensor other) throws IOException {
    if (type == other.type && isContiguous() && other.isContiguous()) {
      return bytes().sameBytes(other.bytes());
    }
    return type.isInteger()
        ? Arrays.equals(longs(), other.longs())
        : Arrays.equals(floats(), other.floats());
  }

  /** The elements as doubles, row-major; exact but for {@link WeightType#I64} above 2^53. */
  public double[] doubles() throws IOException {
    double[] values = new double[count()];
    DoubleBuffer target = DoubleBuffer.wrap(values);
    scan((data, element) -> target.put(type.doubleAt(data, element)));
    return values;
  }

  /**
   * The elements as longs, row-major.
   *
   * @throws IllegalArgumentException if the type is no integer type
   */
  public long[] longs() throws IOException {
    long[] values = new long[count()];
    read(LongBuffer.wrap(values));
    return values;
  }

  /** Appends the elements to {@code target} as floats, row-major; other types are converted. */
  public void read(FloatBuffer target) throws IOException {
    requireRoom(target.remaining());
    if (isContiguous()) {
      chunks((data, elements) -> type.toFloats(data, elements, target));
    } else {
      scan((data, element) -> target.put((float) type.doubleAt(data, element)));
    }
  }

  /** Appends the elements to {@code target}, row-major; integer types only. */
  public void read(LongBuffer target) throws IOException {
    requireRoom(target.remaining());
    if (!type.isInteger()) {
      throw new IllegalArgumentException(
          "tensor " + name + " has type " + type + ", expected integers");
    }
    scan((data, element) -> target.put(type.longAt(data, element)));
  }

  /**
   * The mapped bytes, little-endian and read-only, if the tensor is contiguous: the way without any
   * copy. The mapping outlives the file's {@code close} and goes with the buffer.
   */
  public Optional<ByteBuffer> mapped() throws IOException {
    return isContiguous() ? Optional.of(bytes().map()) : Optional.empty();
  }

  @Override
  public String toString() {
    return name + " " + type + shape();
  }

  private int count() {
    if (shape().size() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "tensor " + name + " has " + shape().size() + " elements, too many for one array");
    }
    return (int) shape().size();
  }

  private void requireRoom(int room) {
    if (room < shape().size()) {
      throw new IllegalArgumentException(
          "tensor %s has %d elements, the buffer has room for %d"
              .formatted(name, shape().size(), room));
    }
  }

  /** The bytes from the first to the last element. */
  private FileRegion bytes() {
    long extent = view.extent() * type.bytes();
    return extent == 0 ? storage.slice(0, 0) : storage.slice(view.offset() * type.bytes(), extent);
  }

  private void chunks(ChunkReader reader) throws IOException {
    FileRegion bytes = bytes();
    int chunk = (int) Math.min(CHUNK_BYTES, bytes.length());
    ByteBuffer data = ByteBuffer.allocateDirect(chunk).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = 0; at < bytes.length(); at += chunk) {
      data.clear().limit((int) Math.min(chunk, bytes.length() - at));
      bytes.read(data, at);
      data.flip();
      reader.accept(data, data.remaining() / type.bytes());
    }
  }

  private void scan(ElementReader reader) throws IOException {
    for (StoredTensor part : parts) {
      part.scan(reader);
    }
    if (!parts.isEmpty()) {
      return;
    }
    if (isContiguous()) {
      chunks(
          (data, elements) -> {
            for (int i = 0; i < elements; i++) {
              reader.accept(data, i);
            }
          });
      return;
    }
    ByteBuffer data = bytes().map();
    view.forEachPosition(element -> reader.accept(data, element));
  }

  @FunctionalInterface
  private interface ChunkReader {
    void accept(ByteBuffer data, int elements);
  }

  @FunctionalInterface
  private interface ElementReader {
    void accept(ByteBuffer data, long element);
  }
}
