package org.blip4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.Streams;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BlipCliTest {
  private static final ImmutableSet<String> DRAWING =
      ImmutableSet.of(
          "blip bootstrap",
          "blip capfilt",
          "blip capfilt sample",
          "blip caption",
          "blip finetune caption",
          "blip finetune dialogue",
          "blip finetune nlvr",
          "blip finetune retrieval",
          "blip finetune vqa",
          "blip pretrain",
          "blip quickstart");
  private static final ImmutableSet<String> BATCHES =
      ImmutableSet.of(
          "blip bench",
          "blip bootstrap",
          "blip capfilt",
          "blip caption",
          "blip embed images",
          "blip embed texts",
          "blip evaluate caption",
          "blip evaluate nlvr",
          "blip evaluate nocaps",
          "blip evaluate vqa",
          "blip export",
          "blip finetune caption",
          "blip finetune dialogue",
          "blip finetune nlvr",
          "blip finetune retrieval",
          "blip finetune vqa",
          "blip match",
          "blip nlvr",
          "blip pretrain",
          "blip search",
          "blip search index",
          "blip vqa");
  private static final ImmutableSet<String> COMPUTING =
      ImmutableSet.<String>builder()
          .addAll(BATCHES)
          .add(
              "blip bootstrap ablation",
              "blip evaluate dialogue",
              "blip evaluate retrieval",
              "blip evaluate video",
              "blip quickstart",
              "blip serve",
              "blip verify")
          .build();

  @Test
  void everyCommandHasHelpWithAnExample() {
    for (CommandLine command : commands()) {
      String[] words = (command.getCommandSpec().qualifiedName() + " --help").split(" ", -1);
      CliRun run = CliRun.of(List.of(words).subList(1, words.length).toArray(String[]::new));
      assertEquals(ExitCodes.OK, run.status(), String.join(" ", words));
      assertEquals("", run.err());
      String example = run.out().substring(Math.max(0, run.out().indexOf("Example:")));
      assertTrue(example.contains("tools/blip"), "no example in:\n" + run.out());
      assertTrue(run.out().lines().allMatch(line -> line.length() <= 100), run.out());
    }
  }

  @Test
  void versionComesFromTheBuild() {
    CliRun run = CliRun.of("--version");
    assertEquals(ExitCodes.OK, run.status());
    assertTrue(
        run.out().matches("blip \\d+\\.\\d+\\.\\S+ \\(TensorFlow Java 1\\.1\\.0, Java .*\\)\\R"));
  }

  @Test
  void misspeltNamesAreAnsweredWithTheNearest() {
    assertUsage(
        "blip: unknown command 'complition', did you mean 'completion'? (see 'blip --help')",
        "complition",
        "bash");
    assertUsage(
        "blip: unknown option '--jsn', did you mean '--json'? (see 'blip completion --help')",
        "completion",
        "--jsn",
        "bash");
    assertUsage(
        "blip: unknown option '--treads', did you mean '--threads'? (see 'blip bench --help')",
        "bench",
        "--treads=4",
        "matmul");
    assertUsage("blip: unknown command 'xylophone' (see 'blip --help')", "xylophone");
    assertUsage("blip: a command is missing (see 'blip --help')");
  }

  @Test
  void valuesAreNamedAsTheHelpHasThem() {
    assertUsage(
        "blip: Invalid value for option '--precision': expected one of [float32, bfloat16, float16]"
            + " (case-sensitive) but was 'float64' (see 'blip bench --help')",
        "bench",
        "--precision",
        "float64",
        "matmul");
  }

  @Test
  void helpIsNoAnswerToAWordThatIsNoCommand() {
    String line = "blip: unknown command 'capfit', did you mean 'capfilt'? (see 'blip --help')";
    assertUsage(line, "capfit", "--help");
    assertUsage(line, "--help", "capfit");
    assertUsage(line, "help", "capfit");
    assertUsage(line, "capfit", "--captioner", "model", "--version");
    assertUsage(
        "blip: unknown command 'shwo', did you mean 'show'? (see 'blip records --help')",
        "records",
        "shwo",
        "--help");
  }

  @Test
  void helpMayBeAskedForInFrontOfACommand() {
    assertEquals(CliRun.of("--help").out(), CliRun.of("help").out());
    assertEquals(
        CliRun.of("records", "pack", "--help").out(), CliRun.of("help", "records", "pack").out());
  }

  @Test
  void wordsThatBeginWithAtAreTakenAsTheyStand(@TempDir Path folder) throws IOException {
    Path friends = Files.writeString(folder.resolve("friends"), "--json dinner");
    for (String word : List.of("@" + friends, "@" + folder)) {
      CliRun run = CliRun.of("inspect", word);
      assertEquals(ExitCodes.USAGE, run.status());
      assertTrue(run.err().contains(word), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }

  /** An option that a command cannot heed is refused, so that nobody believes in it. */
  @Test
  void commandsTakeOnlyWhatTheyHeed() {
    ImmutableSetMultimap<String, String> takers =
        ImmutableSetMultimap.<String, String>builder()
            .putAll("--seed", DRAWING)
            .putAll("--batch-size", BATCHES)
            .putAll("--threads", COMPUTING)
            .putAll("--precision", COMPUTING)
            .putAll("--device", COMPUTING)
            .put("--device", "blip doctor")
            .build();
    List<CommandLine> commands = commands();
    for (String option : takers.keySet()) {
      Set<String> found = new TreeSet<>();
      for (CommandLine command : commands) {
        if (command.getCommandSpec().findOption(option) != null) {
          found.add(command.getCommandSpec().qualifiedName());
        }
      }
      assertEquals(new TreeSet<>(takers.get(option)), found, option);
    }
  }

  /** Commands of the documentation: {@code tools/blip} at the start of a line, up to a remark. */
  @Test
  void commandsOfTheDocumentationAreUnderstood() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(Path.of("../README.md"), Path.of("BENCHMARKS.md")));
    try (Stream<Path> docs = Files.list(Path.of("docs"))) {
      docs.filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
    }
    int count = 0;
    for (Path page : pages) {
      for (String line : Files.readString(page).replace("\\\n", " ").lines().toList()) {
        String command = line.strip().replaceFirst("^(BLIP_\\w+=\\S* )?tools/blip ", "");
        if (!command.equals(line.strip()) && !line.contains("`")) {
          assertUnderstood(page, command.replaceFirst(" {2,}#.*| # .*| > .*", ""));
          count++;
        }
      }
    }
    assertTrue(count >= 20, count + " commands");
  }

  /** One table, in the order of the enum; what is read first leads to it. */
  @Test
  void everySignatureHasItsRowInTheDocumentation() throws IOException {
    Pattern row = Pattern.compile("^\\| `([^`]+)`.*\\|$", Pattern.MULTILINE);
    String table = Files.readString(Path.of("docs", "serving.md"));
    List<String> keys =
        row.matcher(table.substring(table.indexOf("| signature |")))
            .results()
            .map(found -> found.group(1))
            .toList();
    List<String> expected =
        Stream.concat(
                Stream.of(ServingSignature.values()).map(ServingSignature::key),
                Stream.of("NAME" + ServingSignature.TENSOR_SUFFIX))
            .toList();
    assertEquals(expected, keys);
    String first = Files.readString(Path.of("../README.md"));
    assertTrue(first.contains("](tools/docs/serving.md#signatures)"));
    assertTrue(!first.contains("| signature |"), "README.md has a table of its own");
    assertTrue(table.contains("\n## Signatures\n"));
  }

  private static void assertUnderstood(Path page, String command) {
    String[] words =
        command.replaceAll("[\\[\\]']", "").replace("caption|retrieval", "caption").split(" +", -1);
    for (int i = 0; i < words.length; i++) {
      words[i] = words[i].equals("N") ? "1" : words[i];
    }
    try {
      CommandLine.ParseResult parsed = commands().get(0).parseArgs(words);
      assertTrue(parsed.hasSubcommand(), page + ": " + command);
    } catch (CommandLine.ParameterException e) {
      throw new AssertionError(page + ": tools/blip " + command + ": " + e.getMessage(), e);
    }
  }

  @Test
  void completionNamesCommands() {
    CliRun run = CliRun.of("completion", "bash");
    assertEquals(ExitCodes.OK, run.status());
    assertTrue(run.out().startsWith("#!/usr/bin/env bash"), run.out());
    assertTrue(run.out().contains("completion"), run.out());
    assertEquals(1, CliRun.of("completion", "bash", "--json").lines().size());
  }

  private static void assertUsage(String line, String... args) {
    CliRun run = CliRun.of(args);
    assertEquals(ExitCodes.USAGE, run.status());
    assertEquals("", run.out());
    assertEquals(line + "\n", run.err());
  }

  /** All commands, the root first. */
  static List<CommandLine> commands() {
    List<CommandLine> commands = new ArrayList<>();
    OutputStream none = OutputStream.nullOutputStream();
    collect(
        BlipCli.commandLine(new Streams(InputStream.nullInputStream(), none, none, false)),
        commands);
    return commands;
  }

  private static void collect(CommandLine command, List<CommandLine> commands) {
    commands.add(command);
    command.getSubcommands().values().forEach(each -> collect(each, commands));
  }
}
