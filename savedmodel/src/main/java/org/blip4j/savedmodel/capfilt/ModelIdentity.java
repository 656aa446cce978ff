package org.blip4j.savedmodel.capfilt;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which model it was: where it lay and what was in it.
 *
 * @param path as the user gave it; empty if no model was asked
 * @param sha256 over all its files and their names
 */
public record ModelIdentity(String path, String sha256) {
  /** No model. */
  public static final ModelIdentity NONE = new ModelIdentity("", "");

  private static final int BUFFER = 1 << 16;

  /** Identifies a model file or folder by its content. */
  public static ModelIdentity of(Path model) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(model)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    Hasher hasher = Hashing.sha256().newHasher();
    byte[] buffer = new byte[BUFFER];
    for (Path file : files) {
      hasher.putString(model.relativize(file).toString(), StandardCharsets.UTF_8);
      hasher.putLong(Files.size(file));
      try (InputStream in = Files.newInputStream(file)) {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          hasher.putBytes(buffer, 0, read);
        }
      }
    }
    return new ModelIdentity(model.toString(), hasher.hash().toString());
  }
}
