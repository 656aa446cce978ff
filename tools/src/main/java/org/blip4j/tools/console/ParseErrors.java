package org.blip4j.tools.console;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import org.blip4j.data.file.NearestName;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns wrong usage into one line that says what is wrong and names the nearest right name. */
public final class ParseErrors implements IParameterExceptionHandler {
  private final Console console;

  public ParseErrors(Console console) {
    this.console = console;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    console.error("blip: " + message(e, args) + " (see '" + name + " --help')");
    return ExitCodes.USAGE;
  }

  private static String message(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    if (e instanceof UnmatchedArgumentException unmatched) {
      return unknown(command, unmatched.getUnmatched().get(0));
    }
    if (e instanceof MissingParameterException) {
      // What is missing may only be misspelt, and that is the better news.
      Optional<String> misspelt =
          Arrays.stream(args)
              .takeWhile(arg -> !arg.equals("--"))
              .filter(arg -> arg.startsWith("--"))
              .filter(arg -> !options(command).contains(plain(arg)))
              .findFirst();
      if (misspelt.isPresent()) {
        return unknown(command, misspelt.get());
      }
    }
    return choices(e, e.getMessage().strip().replaceAll("\\s*\\R\\s*", "; "));
  }

  /** Values are named once and as the help has them, not with their names in Java besides. */
  private static String choices(ParameterException e, String message) {
    ArgSpec wrong = e.getArgSpec();
    if (wrong == null || wrong.completionCandidates() == null) {
      return message;
    }
    return message.replaceFirst(
        "expected one of \\[[^\\]]*\\]",
        Matcher.quoteReplacement(
            "expected one of " + ImmutableList.copyOf(wrong.completionCandidates())));
  }

  private static String unknown(CommandLine command, String word) {
    Set<String> commands = command.getSubcommands().keySet();
    if (word.startsWith("-")) {
      return unknown("option", plain(word), options(command));
    }
    return commands.isEmpty()
        ? "unexpected argument '" + word + "'"
        : unknown("command", word, commands);
  }

  private static String unknown(String kind, String word, Set<String> names) {
    return NearestName.among(names, word)
        .map(name -> "unknown %s '%s', did you mean '%s'?".formatted(kind, word, name))
        .orElse("unknown %s '%s'".formatted(kind, word));
  }

  private static Set<String> options(CommandLine command) {
    return command.getCommandSpec().optionsMap().keySet();
  }

  private static String plain(String option) {
    return option.replaceFirst("=.*", "");
  }
}
