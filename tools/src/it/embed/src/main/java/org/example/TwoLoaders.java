package org.example;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs the program twice, each time with classes of its own. */
public final class TwoLoaders {
  private TwoLoaders() {}

  /** Runs {@code KIND MODEL}. */
  public static void main(String[] args) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String part : System.getProperty("embed.paths").split(File.pathSeparator)) {
      urls.add(Path.of(part).toUri().toURL());
    }
    List<String> results = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      try (URLClassLoader loader =
          new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
        results.add(
            (String)
                loader
                    .loadClass("org.example.Program")
                    .getMethod("run", String.class, Path.class, int.class)
                    .invoke(null, args[0], Path.of(args[1]), 0));
      }
    }
    System.out.println(String.join(" ", results));
  }
}
