package org.blip4j.savedmodel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.savedmodel.predict.Predictor;
import org.junit.jupiter.api.Test;

/**
 * What programs may call of the packages that are made for them, as the file beside says it. A
 * change is made on purpose: run this test with {@code -Dapi.write=true} and look at the
 * difference.
 */
class PublicApiTest {
  private static final List<String> PACKAGES = List.of("predict", "capfilt", "client", "open");
  private static final Path LIST = Path.of("src/test/resources/public-api.txt");

  /** The doors for experts: TensorFlow's configuration, a record's bytes, parts of the commands. */
  private static final Set<String> EXPERT =
      Set.of(
          "predict.PredictorOptions",
          "predict.StagedModel",
          "predict.LoadedModel",
          "capfilt.CaptionerAndFilter.read",
          "capfilt.CapFiltPicture.of");

  @Test
  void theListIsWhatThereIs() throws Exception {
    String now = String.join("\n", api()) + "\n";
    if (Boolean.getBoolean("api.write")) {
      Files.writeString(LIST, now, StandardCharsets.UTF_8);
    }
    assertEquals(Files.readString(LIST, StandardCharsets.UTF_8), now);
  }

  @Test
  void noOtherLibraryShowsButForExperts() throws Exception {
    for (String line : api()) {
      if (!line.startsWith("open.") && EXPERT.stream().noneMatch(line::startsWith)) {
        assertTrue(!line.contains("com.google") && !line.contains("org.tensorflow"), line);
      }
    }
  }

  private static Set<String> api() throws IOException, URISyntaxException, ClassNotFoundException {
    Path classes =
        Path.of(Predictor.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Set<String> lines = new TreeSet<>();
    for (String name : PACKAGES) {
      try (Stream<Path> files = Files.list(classes.resolve("org/blip4j/savedmodel/" + name))) {
        for (Path file : files.sorted().toList()) {
          String simple = file.getFileName().toString().replace(".class", "");
          if (!simple.equals("package-info")) {
            add(Class.forName("org.blip4j.savedmodel." + name + "." + simple), name, lines);
          }
        }
      }
    }
    return lines;
  }

  private static void add(Class<?> type, String group, Set<String> lines) {
    for (Class<?> each = type; each != null; each = each.getEnclosingClass()) {
      if (!Modifier.isPublic(each.getModifiers())) {
        return;
      }
    }
    String owner = group + "." + type.getName().replaceFirst(".*\\.", "").replace('$', '.');
    lines.add(owner);
    for (Executable constructor : type.getConstructors()) {
      lines.add(owner + "(" + parameters(constructor) + ")");
    }
    for (Method method : type.getDeclaredMethods()) {
      if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic() && !method.isBridge()) {
        lines.add(
            owner
                + "."
                + method.getName()
                + "("
                + parameters(method)
                + "): "
                + method.getGenericReturnType().getTypeName());
      }
    }
  }

  private static String parameters(Executable executable) {
    return Arrays.stream(executable.getGenericParameterTypes())
        .map(java.lang.reflect.Type::getTypeName)
        .collect(Collectors.joining(", "));
  }
}
