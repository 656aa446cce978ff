package org.blip4j.tools.console;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

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
    try (InputStream in = VersionText.class.getResourceAsStream("version.properties")) {
      properties.load(in);
    }
    return new ProgramVersion(
        properties.getProperty("version", UNKNOWN), properties.getProperty("commit", UNKNOWN));
  }
}
