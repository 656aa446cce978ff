package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A safetensors file: 8-byte header length, JSON header, tensor bytes.
 *
 * <p>The whole header is checked before anything is read: every tensor inside the file, of exactly
 * the bytes that its shape needs, none over another, no gaps, no name twice.
 */
public final class SafetensorsFile implements WeightFile {
  private final Path path;
  private final FileChannel channel;
  private final SafetensorsHeader header;

  private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header) {
    this.path = path;
    this.channel = channel;
    this.header = header;
  }

  static SafetensorsFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new SafetensorsFile(
          path, channel, SafetensorsHeader.read(FileRegion.whole(path, channel)));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return "safetensors";
  }

  @Override
  public ImmutableMap<String, StoredTensor> tensors() {
    return header.tensors();
  }

  /** The strings under {@code __metadata__}; empty if there are none. */
  public ImmutableMap<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
