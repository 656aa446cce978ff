package org.blip4j.tools.console;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The text of {@code --version}: this project's version, TensorFlow Java's and Java's. */
public final class VersionText implements IVersionProvider {
  @Override
  public String[] getVersion() throws IOException {
    Properties versions = new Properties();
    try (InputStream in = VersionText.class.getResourceAsStream("version.properties")) {
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
