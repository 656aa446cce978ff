package org.blip4j.tools.console;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/**
 * What is written into run folders about this program.
 *
 * @param version of the release
 * @param commit of the build, or {@code unknown}
 */
public record ProgramVersion(String version, String commit) {
  private static final String UNKNOWN = "unknown";

  /** What the build wrote down. */
  public static ProgramVersion read() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Text.class.getResourceAsStream("version.properties")) {
      properties.load(in);
    }
    return new ProgramVersion(
        properties.getProperty("version", UNKNOWN), properties.getProperty("commit", UNKNOWN));
  }

  /** The text of {@code --version}: this project's version, TensorFlow Java's and Java's. */
  public static final class Text implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      Properties versions = new Properties();
      try (InputStream in = Text.class.getResourceAsStream("version.properties")) {
        versions.load(in);
      }
      return new String[] {
        "blip %s (TensorFlow Java %s, Java %s)"
            .formatted(
                versions.getProperty("version"),
                versions.getProperty("tensorflow"),
                Runtime.version())
      };
    }
  }
}
