package org.blip4j.ops.image;

import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** The pictures of the test resources with what Pillow makes of them. */
final class Pictures {

  /** One picture. */
  record Case(String file, int width, int height) {
    byte[] bytes() {
      return read(file);
    }

    byte[] decoded() {
      return read(file + ".decoded");
    }

    byte[] resized() {
      return read(file + ".resized");
    }

    @Override
    public String toString() {
      return file;
    }
  }

  private Pictures() {}

  static Stream<Case> all() {
    return new String(read("cases.tsv"), StandardCharsets.UTF_8)
        .lines()
        .map(Splitter.on('\t')::splitToList)
        .map(f -> new Case(f.get(0), Integer.parseInt(f.get(1)), Integer.parseInt(f.get(2))));
  }

  static Case of(String file) {
    return all().filter(c -> c.file().equals(file)).findFirst().orElseThrow();
  }

  static List<byte[]> bytes(String... files) {
    return Stream.of(files).map(Pictures::read).toList();
  }

  static byte[] read(String name) {
    try {
      return Resources.toByteArray(Resources.getResource("image/" + name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
