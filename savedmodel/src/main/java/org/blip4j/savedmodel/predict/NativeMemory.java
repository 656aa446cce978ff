package org.blip4j.savedmodel.predict;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.RawTensor;
import org.tensorflow.ndarray.buffer.DataStorageVisitor;

/**
 * The memory of a tensor as a buffer, so that a file is read right into it; valid as long as the
 * tensor is open.
 */
final class NativeMemory extends Pointer {
  private NativeMemory(long address) {
    this.address = address;
  }

  /**
   * The bytes of a tensor, in the order of the machine.
   *
   * @throws IllegalArgumentException if the tensor has more than 2 GiB
   */
  static ByteBuffer of(RawTensor tensor) {
    long bytes = tensor.numBytes();
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("a tensor of " + bytes + " bytes; at most 2 GiB");
    }
    return tensor.data().accept(new Address(bytes)).order(ByteOrder.nativeOrder());
  }

  /** Asks a buffer for its address. */
  private static final class Address implements DataStorageVisitor<ByteBuffer> {
    private final long bytes;

    private Address(long bytes) {
      this.bytes = bytes;
    }

    @Override
    public ByteBuffer visit(ByteBuffer buffer) {
      return buffer;
    }

    @Override
    public ByteBuffer visit(long address, long length, long scale) {
      return new BytePointer(new NativeMemory(address)).capacity(bytes).asByteBuffer();
    }

    @Override
    public ByteBuffer fallback() {
      throw new IllegalStateException("a tensor without memory of its own");
    }
  }
}
