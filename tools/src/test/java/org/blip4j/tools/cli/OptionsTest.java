package org.blip4j.tools.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.tools.console.Processor;
import org.blip4j.tools.console.Streams;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Every option of every command changes something; {@code options.txt} says what. */
class OptionsTest {
  /** What two equal runs do not share: seconds, rates, the time of day. */
  private static final String TIMES =
      "\"(seconds|images_per_second|started|wall_time)\" ?: ?[0-9.E-]+"
          + "|\\d+(\\.\\d+)?( images)?/s|\\d+:\\d\\d|\\d+(\\.\\d+)? s\\b";

  @TempDir private static Path work;
  private static OptionTable table;
  private static OptionInputs inputs;
  private static HttpServer hub;
  private static int runs;
  private static final Set<String> repeated = new HashSet<>();

  /** What a run left behind. */
  private record Left(int status, String out, String err, Map<String, String> files) {}

  @BeforeAll
  static void prepare() throws IOException {
    table = OptionTable.read();
    inputs = OptionInputs.write(Files.createDirectory(work.resolve("in")));
    hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hub.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(404, -1);
          exchange.close();
        });
    hub.start();
  }

  @AfterAll
  static void stop() {
    hub.stop(0);
  }

  @Test
  void everyOptionIsListed() {
    Set<String> missing = new TreeSet<>();
    Set<String> unknown = new TreeSet<>(table.commands().keySet());
    unknown.remove("*");
    for (CommandLine command : BlipCliTest.commands()) {
      Set<String> listed = new TreeSet<>();
      table.of(name(command), names(command)).forEach(row -> listed.add(row.name()));
      unknown.remove(name(command));
      for (OptionSpec option : command.getCommandSpec().options()) {
        Stream.of(option.names())
            .filter(name -> name.startsWith("--") && !listed.remove(name))
            .forEach(name -> missing.add(name(command) + " " + name));
      }
      listed.forEach(name -> unknown.add(name(command) + " " + name));
    }
    assertEquals(Set.of(), missing, "options.txt does not say what these change");
    assertEquals(Set.of(), unknown, "options.txt has what the program has not");
  }

  @TestFactory
  Stream<DynamicTest> everyOptionChangesSomething() {
    return tests(row -> !row.conditions().contains("slow"));
  }

  @TestFactory
  @Tag("slow")
  Stream<DynamicTest> optionsOfLongRunsChangeSomething() {
    return tests(row -> row.conditions().contains("slow"));
  }

  private static Stream<DynamicTest> tests(Function<OptionTable.Row, Boolean> chosen) {
    return BlipCliTest.commands().stream()
        .map(command -> command)
        .flatMap(
            command -> {
              Map<List<String>, Left> known = new HashMap<>();
              return table.of(name(command), names(command)).stream()
                  .filter(row -> chosen.apply(row) && possible(row.conditions()))
                  .map(
                      row ->
                          DynamicTest.dynamicTest(
                              name(command) + " " + String.join(" ", row.option()),
                              () -> check(name(command), row, known)));
            });
  }

  private static boolean possible(Set<String> conditions) {
    return (!conditions.contains("x86") || Kernels.packedAvailable())
        && (!conditions.contains("bf16") || !Processor.ofMachine().bfloat16().isEmpty());
  }

  private static void check(String command, OptionTable.Row row, Map<List<String>, Left> known)
      throws IOException {
    boolean terminal =
        Set.of(OptionTable.Aspect.quieter, OptionTable.Aspect.silent).contains(row.aspect());
    Left without =
        known.containsKey(row.without()) && !terminal
            ? known.get(row.without())
            : run(command, row.without(), terminal);
    known.put(row.without(), without);
    Left with = run(command, row.with(), terminal);
    String both = "\nwithout: " + without + "\nwith: " + with;
    switch (row.aspect()) {
      case status -> assertTrue(without.status() != with.status(), both);
      case silent -> assertTrue(without.err().isEmpty() && with.err().isEmpty(), both);
      case quieter -> assertTrue(with.err().length() < without.err().length(), both);
      case out -> differs(command, row, Left::out, without, with);
      case err -> differs(command, row, Left::err, without, with);
      case files -> differs(command, row, left -> left.files().toString(), without, with);
    }
  }

  /** Where no text is named, a further run shows once a command that equal ones are equal. */
  private static void differs(
      String command, OptionTable.Row row, Function<Left, String> part, Left without, Left with)
      throws IOException {
    String both = "\nwithout: " + without + "\nwith: " + with;
    if (row.text().isPresent()) {
      String text = row.text().get();
      assertEquals(!row.absent(), part.apply(with).contains(text), both);
      assertEquals(row.absent(), part.apply(without).contains(text), both);
      return;
    }
    assertEquals(0, without.status(), both);
    assertEquals(0, with.status(), both);
    assertTrue(!part.apply(without).equals(part.apply(with)), both);
    if (repeated.add(command + row.aspect())) {
      Left again = run(command, row.with(), false);
      assertEquals(part.apply(with), part.apply(again), "equal runs differ");
    }
  }

  private static Left run(String command, List<String> arguments, boolean terminal)
      throws IOException {
    Path folder = Files.createDirectory(work.resolve("run-" + runs++));
    List<String> words =
        new ArrayList<>(List.of(command.equals("blip") ? new String[0] : command.split(" ")));
    for (String argument : arguments) {
      if (!argument.equals("closed")) {
        words.add(inputs.fill(argument, folder));
      }
    }
    words.remove("");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("nothing can be written");
          }
        };
    int status =
        BlipCli.run(
            new Streams(
                new ByteArrayInputStream(new byte[0]),
                arguments.contains("closed") ? closed : out,
                err,
                terminal,
                ImmutableMap.of(
                    "HF_ENDPOINT",
                    "http://localhost:" + hub.getAddress().getPort(),
                    "BLIP_CACHE",
                    folder.resolve("cache").toString())),
            words.toArray(String[]::new));
    return new Left(
        status,
        plain(out.toString(UTF_8), folder),
        plain(err.toString(UTF_8), folder),
        files(folder));
  }

  /** All files by name with a short form of their content. */
  private static Map<String, String> files(Path folder) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        String name = folder.relativize(file).toString();
        if (!name.contains("events.out")
            && !name.contains(".capfilt/")
            && !name.endsWith(".lock")) {
          byte[] bytes = Files.readAllBytes(file);
          String text = plain(new String(bytes, ISO_8859_1), folder);
          files.put(name, Hashing.sha256().hashString(text, UTF_8).toString().substring(0, 8));
        }
      }
    }
    return files;
  }

  private static String plain(String text, Path folder) {
    return text.replace(folder.toString(), "RUN").replaceAll(TIMES, "TIME");
  }

  private static String name(CommandLine command) {
    return command.getCommandSpec().qualifiedName().replaceFirst("^blip ", "");
  }

  private static Set<String> names(CommandLine command) {
    return command.getCommandSpec().optionsMap().keySet();
  }
}
