package org.blip4j.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keeps the rules that a compiler does not know, over the sources of the whole repository. */
class SourceRulesTest {
  private static final ImmutableSet<String> MODULES =
      ImmutableSet.of("data", "ops", "graph", "training", "savedmodel", "tools");

  private static final ImmutableSet<String> TOP_LEVEL =
      ImmutableSet.<String>builder().addAll(MODULES).add("pom.xml", "README.md").build();

  /** Packages whose public types programs call. */
  private static final List<String> FOR_PROGRAMS =
      List.of(
          "blip4j/savedmodel/predict/",
          "blip4j/savedmodel/capfilt/",
          "blip4j/savedmodel/open/",
          "blip4j/training/config/",
          "blip4j/training/event/",
          "blip4j/training/run/",
          "blip4j/training/validate/");

  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  private record Source(Path path, String module, boolean test, String text) {
    boolean in(String packageFolder) {
      return path.toString().contains(packageFolder);
    }
  }

  @Test
  void variablesAndScopesComeFromOpsCoreAlone() throws IOException {
    List<String> forbidden = List.of("tf.variable" + "(", "withSub" + "Scope");
    assertNone(
        javaSources().stream()
            .filter(source -> !source.in("org/blip4j/ops/core/"))
            .filter(source -> forbidden.stream().anyMatch(source.text()::contains))
            .map(source -> source.path() + " uses one of " + forbidden));
  }

  @Test
  void filesStayShort() throws IOException {
    assertNone(
        javaSources().stream()
            .filter(source -> lines(source) > (source.test() ? 400 : 300))
            .map(source -> source.path() + " has " + lines(source) + " lines"));
    assertNone(
        sources(".py", ".sh", ".xml").stream()
            .filter(source -> lines(source) > 400)
            .map(source -> source.path() + " has " + lines(source) + " lines"));
  }

  @Test
  void importsAreExplicitAndNothingIsLeftForLater() throws IOException {
    Pattern left =
        Pattern.compile("import [\\w. ]+\\*;|@Dis" + "abled|\\bTO" + "DO\\b|\\bFIX" + "ME\\b");
    assertNone(
        javaSources().stream()
            .filter(source -> left.matcher(source.text()).find())
            .map(source -> source.path() + " has a wildcard import or unfinished work"));
  }

  /** A library names its own arguments; how an option of a command is called, the command knows. */
  @Test
  void theLibraryDoesNotSpeakOfOptions() throws IOException {
    Pattern option = Pattern.compile("\"[^\"\\n]*(?<!-)--(?!add-opens\\b)[a-z]");
    assertNone(
        javaSources().stream()
            .filter(source -> !source.test() && !source.module().equals("tools"))
            .flatMap(
                source ->
                    source
                        .text()
                        .lines()
                        .filter(line -> option.matcher(line).find())
                        .map(line -> source.path() + " speaks of an option: " + line.strip())));
  }

  /**
   * What programs call shows how: lines of code in its Javadoc, or a link to a type that has some.
   */
  @Test
  void everyTypeForProgramsHasAnExample() throws IOException {
    Pattern type =
        Pattern.compile(
            "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:@[^\\n]*\\s*)*public [a-z -]*"
                + "(?:class|record|interface|enum) (\\w+)",
            Pattern.DOTALL);
    Map<String, String> documents = new TreeMap<>();
    for (Source source : javaSources()) {
      if (!source.test() && FOR_PROGRAMS.stream().anyMatch(source::in)) {
        Matcher first = type.matcher(source.text());
        if (first.find() && source.path().endsWith(first.group(2) + ".java")) {
          documents.put(first.group(2), first.group(1));
        }
      }
    }
    assertTrue(documents.keySet().containsAll(List.of("Predictor", "CapFiltStep", "Trainer")));
    Pattern link = Pattern.compile("(?:@link|@see)\\s(?:\\s*\\*\\s)?(\\w+)");
    assertNone(
        documents.entrySet().stream()
            .filter(one -> !one.getValue().contains("<pre>{@code"))
            .filter(
                one ->
                    link.matcher(one.getValue())
                        .results()
                        .noneMatch(
                            to -> documents.getOrDefault(to.group(1), "").contains("<pre>{@code")))
            .map(one -> one.getKey() + " has no example and links to no type that has one"));
  }

  @Test
  void everyPackageSaysWhatItIs() throws IOException {
    Set<Path> described = new TreeSet<>();
    Set<Path> packages = new TreeSet<>();
    for (Source source : javaSources()) {
      if (!source.test()) {
        packages.add(source.path().getParent());
        if (source.path().endsWith("package-info.java")) {
          described.add(source.path().getParent());
        }
      }
    }
    packages.removeAll(described);
    assertNone(packages.stream().map(folder -> folder + " has no package-info.java"));
  }

  @Test
  void topLevelIsTheCards() throws IOException, InterruptedException {
    Set<String> visible =
        tracked().map(path -> path.replaceFirst("/.*", "")).collect(Collectors.toSet());
    visible.removeIf(name -> name.startsWith("."));
    assertEquals(new TreeSet<>(TOP_LEVEL), new TreeSet<>(visible));
  }

  /** Tracked files; where git does not answer (a source archive) what lies in the folder. */
  private static Stream<String> tracked() throws IOException, InterruptedException {
    Process git = new ProcessBuilder("git", "ls-files").directory(ROOT.toFile()).start();
    String out = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (git.waitFor() == 0 && !out.isEmpty()) {
      return out.lines();
    }
    try (Stream<Path> entries = Files.list(ROOT)) {
      List<String> names = entries.map(path -> path.getFileName().toString()).toList();
      return names.stream().filter(name -> !name.equals("target"));
    }
  }

  private static List<Source> javaSources() throws IOException {
    List<Source> sources = sources(".java");
    assertTrue(sources.size() > MODULES.size(), "sources not found below " + ROOT);
    return sources;
  }

  private static List<Source> sources(String... endings) throws IOException {
    List<Source> sources = new ArrayList<>();
    for (String module : MODULES) {
      try (Stream<Path> walk = Files.walk(ROOT.resolve(module))) {
        for (Path path : (Iterable<Path>) walk::iterator) {
          Path relative = ROOT.relativize(path);
          String name = relative.toString();
          if (!name.contains("/target/") && Stream.of(endings).anyMatch(name::endsWith)) {
            boolean test = name.contains("src/test/") || name.contains("src/it/");
            sources.add(new Source(relative, module, test, Files.readString(path)));
          }
        }
      }
    }
    return sources;
  }

  private static long lines(Source source) {
    return source.text().lines().count();
  }

  private static void assertNone(Stream<String> wrong) {
    assertNone(wrong.toList());
  }

  private static void assertNone(List<String> wrong) {
    assertEquals("", String.join("\n", wrong));
  }
}
