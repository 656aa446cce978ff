package org.blip4j.tools.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.ExitCodes;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code completion bash}: prints a script that completes commands and options. */
@Command(
    name = "completion",
    description = "Print shell completion.",
    footerHeading = "%nExample:%n",
    footer = "  source <(tools/blip completion bash)")
final class CompletionCommand implements Callable<Integer> {
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
