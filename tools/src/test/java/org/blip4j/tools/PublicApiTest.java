package org.blip4j.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.reflect.ClassPath;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What programs may call of the packages that are made for them, as a file for each module says it.
 * A change is made on purpose: run this test with {@code -Dapi.write=true} and look at the
 * difference.
 */
class PublicApiTest {
  private static final Path LISTS = Path.of("src/test/resources/org/blip4j/tools");
  private static final String SAVEDMODEL = "predict capfilt client open";

  /** The doors for experts: TensorFlow's configuration, a record's bytes, parts of the commands. */
  private static final Set<String> EXPERT =
      Set.of(
          "predict.PredictorOptions",
          "predict.StagedModel",
          "predict.LoadedModel",
          "capfilt.CaptionerAndFilter.read",
          "capfilt.CapFiltPicture.of");

  @ParameterizedTest
  @CsvSource({"savedmodel, " + SAVEDMODEL, "training, config event run"})
  void theListIsWhatThereIs(String module, String packages) throws IOException {
    String now = String.join("\n", api(module, packages)) + "\n";
    Path list = LISTS.resolve("api-" + module + ".txt");
    if (Boolean.getBoolean("api.write")) {
      Files.writeString(list, now, StandardCharsets.UTF_8);
    }
    assertEquals(Files.readString(list, StandardCharsets.UTF_8), now);
  }

  @Test
  void noOtherLibraryShowsButForExperts() throws IOException {
    Set<String> lines = api("savedmodel", SAVEDMODEL);
    assertFalse(lines.isEmpty());
    for (String line : lines) {
      if (!line.startsWith("open.") && EXPERT.stream().noneMatch(line::startsWith)) {
        assertTrue(!line.contains("com.google") && !line.contains("org.tensorflow"), line);
      }
    }
  }

  private static Set<String> api(String module, String packages) throws IOException {
    ClassPath classes = ClassPath.from(PublicApiTest.class.getClassLoader());
    Set<String> lines = new TreeSet<>();
    for (String name : List.of(packages.split(" "))) {
      for (ClassPath.ClassInfo info :
          classes.getTopLevelClasses("org.blip4j." + module + "." + name)) {
        if (!info.getSimpleName().equals("package-info") && !isTest(info)) {
          add(info.load(), name, lines);
        }
      }
    }
    return lines;
  }

  private static boolean isTest(ClassPath.ClassInfo info) {
    String place = info.url().toString();
    return place.contains("/test-classes/") || place.contains("-tests.jar!");
  }

  private static void add(Class<?> type, String group, Set<String> lines) {
    if (!Modifier.isPublic(type.getModifiers())) {
      return;
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
    for (Class<?> inner : type.getDeclaredClasses()) {
      add(inner, group, lines);
    }
  }

  private static String parameters(Executable executable) {
    return Arrays.stream(executable.getGenericParameterTypes())
        .map(Type::getTypeName)
        .collect(Collectors.joining(", "));
  }
}
