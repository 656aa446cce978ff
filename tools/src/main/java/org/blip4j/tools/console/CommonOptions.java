package org.blip4j.tools.console;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options that every command takes, mixed into each. */
@Command(versionProvider = ProgramVersion.Text.class)
@SuppressWarnings("UnusedVariable") // the parser alone reads whether help is wanted
public class CommonOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  private boolean help;

  @Option(names = "--json", description = "One JSON object a line on standard output.")
  private boolean json;

  @Option(names = "--quiet", description = "No progress and no notes.")
  private boolean quiet;

  @Option(names = "--debug", description = "Stack traces and native logs.")
  private boolean debug;

  private Console console;

  /** The console of this command, always the same one. */
  public Console console() {
    if (console == null) {
      console = ((Console.Opener) command.root().userObject()).open(json, quiet);
    }
    return console;
  }

  /**
   * Refuses a command without an option that its subcommands can do without, so that the parser
   * cannot require it.
   *
   * @param option with its parameter, such as {@code --out DIR}
   */
  public static void require(String command, boolean given, String option) {
    if (!given) {
      throw new IllegalArgumentException(
          "%s needs %s; see %s --help".formatted(command, option, command));
    }
  }

  /** Whether stack traces and native logs are wanted. */
  public boolean debug() {
    return debug;
  }
}
