package org.blip4j.data.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Kinds of weight files, told by their first bytes. */
enum WeightFormat {
  SAFETENSORS,
  TORCH_ZIP,
  TORCH_LEGACY;

  private static final int SNIFFED = 64;

  static WeightFormat of(Path path) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(path)) {
      head = in.readNBytes(SNIFFED);
    }
    if (head.length == 0) {
      throw new WeightFileException(path, "the file is empty; download it again");
    }
    if (startsWith(head, 'P', 'K', 3, 4)) {
      return TORCH_ZIP;
    }
    if (head.length > 1 && head[0] == (byte) 0x80 && head[1] >= 2 && head[1] <= 5) {
      return TORCH_LEGACY;
    }
    if (head.length > 8 && head[8] == '{' && headerLength(head) >= 2) {
      return SAFETENSORS;
    }
    throw new WeightFileException(path, "not a weight file: " + describe(head));
  }

  private static long headerLength(byte[] head) {
    return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private static String describe(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1).stripLeading();
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.startsWith("version https://git-lfs")) {
      return "this is a Git LFS pointer; fetch the content with `git lfs pull`";
    }
    if (lower.startsWith("<")) {
      return "this is a web page, most likely a failed download; download it again";
    }
    if (startsWith(head, 0x89, 'H', 'D', 'F')) {
      return "this is HDF5 (a Keras file?); expected safetensors or a PyTorch checkpoint";
    }
    if (lower.startsWith("gguf")) {
      return "this is GGUF; expected safetensors or a PyTorch checkpoint";
    }
    if (startsWith(head, 0x1f, 0x8b)) {
      return "this is gzip data; unpack it first";
    }
    if (text.startsWith("{") || text.startsWith("[")) {
      return "this is JSON; give the file with the tensors, or the folder";
    }
    return "expected safetensors or a PyTorch checkpoint (zip or legacy)";
  }

  private static boolean startsWith(byte[] head, int... expected) {
    if (head.length < expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (head[i] != (byte) expected[i]) {
        return false;
      }
    }
    return true;
  }
}
