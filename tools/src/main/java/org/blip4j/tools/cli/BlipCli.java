package org.blip4j.tools.cli;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.blip4j.tools.bench.BenchCommand;
import org.blip4j.tools.bootstrap.BootstrapCommand;
import org.blip4j.tools.capfilt.CapFiltCommand;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ErrorLine;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.ParseErrors;
import org.blip4j.tools.console.ProgramVersion;
import org.blip4j.tools.console.Streams;
import org.blip4j.tools.doctor.DoctorCommand;
import org.blip4j.tools.evaluate.EvaluateCommand;
import org.blip4j.tools.export.ExportCommand;
import org.blip4j.tools.infer.CaptionCommand;
import org.blip4j.tools.infer.EmbedCommand;
import org.blip4j.tools.infer.MatchCommand;
import org.blip4j.tools.infer.NlvrCommand;
import org.blip4j.tools.infer.VqaCommand;
import org.blip4j.tools.quickstart.AblationCommand;
import org.blip4j.tools.quickstart.QuickstartCommand;
import org.blip4j.tools.records.RecordsCommand;
import org.blip4j.tools.search.SearchCommand;
import org.blip4j.tools.serve.ServeCommand;
import org.blip4j.tools.train.FinetuneCommand;
import org.blip4j.tools.train.PretrainCommand;
import org.blip4j.tools.verify.VerifyCommand;
import org.blip4j.tools.weights.ConvertCommand;
import org.blip4j.tools.weights.InspectCommand;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The root of the command line; all it knows is its commands and how errors are told. */
@Command(
    name = "blip",
    mixinStandardHelpOptions = true,
    versionProvider = ProgramVersion.Text.class,
    description = "BLIP: captions, matching, CapFilt and training on TensorFlow.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%nExample:%n",
    footer = {"  tools/blip doctor", "", "'tools/blip COMMAND --help' tells more about each."},
    subcommands = {
      BenchCommand.class,
      BootstrapCommand.class,
      CapFiltCommand.class,
      CaptionCommand.class,
      BlipCli.Completion.class,
      ConvertCommand.class,
      DoctorCommand.class,
      EmbedCommand.class,
      EvaluateCommand.class,
      ExportCommand.class,
      FinetuneCommand.class,
      InspectCommand.class,
      MatchCommand.class,
      NlvrCommand.class,
      PretrainCommand.class,
      QuickstartCommand.class,
      RecordsCommand.class,
      SearchCommand.class,
      ServeCommand.class,
      VerifyCommand.class,
      VqaCommand.class,
    })
public final class BlipCli implements Runnable, Console.Opener {
  @Spec private CommandSpec spec;

  private final Streams streams;
  private final List<Console> consoles = new ArrayList<>();

  private BlipCli(Streams streams) {
    this.streams = streams;
  }

  /** Runs the command in {@code args} on this process's streams and exits with its status. */
  public static void main(String[] args) {
    BlipCli cli = new BlipCli(Streams.ofProcess());
    Runtime.getRuntime().addShutdownHook(new Thread(cli::finishLines));
    System.exit(cli.execute(args));
  }

  /** Runs the command in {@code args} on the given streams and returns its status. */
  public static int run(Streams streams, String... args) {
    return new BlipCli(streams).execute(args);
  }

  /** The whole tree of commands, as the parser sees it. */
  static CommandLine commandLine(Streams streams) {
    return new BlipCli(streams).parser();
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Override
  public synchronized Console open(boolean json, boolean quiet) {
    Console console = new Console(streams, json, quiet);
    consoles.add(console);
    return console;
  }

  private CommandLine parser() {
    Console console = open(false, false);
    CommandLine parser = new CommandLine(this);
    parser.getSubcommands().get("bootstrap").addSubcommand(new AblationCommand());
    addVersion(parser);
    return parser
        .setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8))
        .setExpandAtFiles(false) // names and texts may begin with @
        .setParameterExceptionHandler(new ParseErrors(console))
        .setExecutionStrategy(BlipCli::runChecked)
        .setUsageHelpAutoWidth(true);
  }

  /** {@code help caption} is {@code caption --help}. */
  private static String[] helpAsOption(String... args) {
    return args.length > 0 && args[0].equals("help")
        ? Stream.concat(Arrays.stream(args).skip(1), Stream.of("--help")).toArray(String[]::new)
        : args;
  }

  /** Runs what was asked for, but never shows help in answer to a word that is no command. */
  private static int runChecked(CommandLine.ParseResult parsed) {
    for (CommandLine.ParseResult at = parsed; at != null; at = at.subcommand()) {
      if (!at.unmatched().isEmpty()) {
        CommandLine command = at.commandSpec().commandLine();
        throw new CommandLine.UnmatchedArgumentException(command, at.unmatched());
      }
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  /** Every command tells the program's version, but one that has a {@code --version} of its own. */
  private static void addVersion(CommandLine command) {
    CommandSpec spec = command.getCommandSpec().versionProvider(new ProgramVersion.Text());
    if (!spec.optionsMap().containsKey("--version")) {
      spec.addOption(
          OptionSpec.builder("-V", "--version")
              .versionHelp(true)
              .description("Print version information and exit.")
              .build());
    }
    command.getSubcommands().values().forEach(BlipCli::addVersion);
  }

  private int execute(String... args) {
    boolean debug = Arrays.asList(args).contains("--debug");
    CommandLine parser = parser();
    parser.setExecutionExceptionHandler((e, command, result) -> tell(e, debug));
    try {
      return parser.execute(helpAsOption(args));
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
      return tell(e, debug);
    }
  }

  private int tell(Throwable thrown, boolean debug) {
    ErrorLine line = ErrorLine.of(thrown);
    Console console = open(false, false);
    if (debug) {
      console.error(Throwables.getStackTraceAsString(thrown).stripTrailing());
    }
    if (!line.message().isEmpty()) {
      console.error("blip: " + line.message());
    }
    return line.exitCode();
  }

  private synchronized void finishLines() {
    consoles.forEach(Console::closeForShutdown);
  }

  /** {@code completion bash}: prints a script that completes commands and options. */
  @Command(
      name = "completion",
      description = "Print shell completion.",
      footerHeading = "%nExample:%n",
      footer = "  source <(tools/blip completion bash)")
  static final class Completion implements Callable<Integer> {
    enum Shell {
      bash
    }

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES} (zsh reads it, too).")
    private Shell shell;

    @Mixin private CommonOptions common;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
      String script = AutoComplete.bash("blip", spec.root().commandLine());
      common.console().result(new Script(shell, script), script);
      return ExitCodes.OK;
    }

    private record Script(Shell shell, String script) {}
  }
}
