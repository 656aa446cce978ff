package org.blip4j.tools.serve;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.InterruptWatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code serve}: answers requests of the network as TensorFlow Serving does. */
@Command(
    name = "serve",
    description = {
      "Serve exported models over TensorFlow Serving's REST API, with a page to try them at /.",
      "Listens on this machine alone unless --host says otherwise. Says where once every model"
          + " answers; new versions are found every second. Ends at Ctrl-C or SIGTERM, after what"
          + " has begun is answered."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip serve --model caption=served/captioner --port 8501")
public final class ServeCommand implements Callable<Integer> {
  private static final int WORKERS = 4;
  private static final int STOP_SECONDS = 15;
  private static final long LOOK_NANOS = 50_000_000;

  @Option(
      names = "--model",
      paramLabel = "NAME=DIR",
      description = "A name and a base path with version folders; may be given several times.")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--model-config",
      paramLabel = "FILE",
      description = "TensorFlow Serving's model_config_list in protobuf's text form.")
  private Path modelConfig;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Where to listen (127.0.0.1); 0.0.0.0 is everywhere.")
  private String host = "127.0.0.1";

  @Option(names = "--port", paramLabel = "N", description = "Of REST, 0 for a free one (8501).")
  private int port = 8501;

  @Option(
      names = "--grpc-port",
      paramLabel = "N",
      description = "Answer over gRPC, too; 0 for a free port (off).")
  private Integer grpcPort;

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      description = "Rows that are computed together at most (16).")
  private int maxBatch = 16;

  @Option(
      names = "--max-queue",
      paramLabel = "N",
      description = "Rows that may wait for each signature; more are answered by 503 (1024).")
  private int maxQueue = 1024;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "How long a call may take, waiting included (30).")
  private double timeout = 30;

  @Option(
      names = "--max-body",
      paramLabel = "MB",
      description = "How long the body of a request may be (16).")
  private int maxBody = 16;

  @Option(
      names = "--check",
      description = "Load the models, say what each answers to, and end; listens nowhere.")
  private boolean check;

  @Mixin private ComputeOptions common;

  /**
   * What is said once all models answer.
   *
   * @param listening the URL
   * @param grpc address and port, or null
   */
  record Row(String listening, String grpc) {}

  /** What {@code --check} says of a version. */
  record Checked(String model, long version, String state, String error, List<String> signatures) {}

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    ModelServer.Settings settings = settings();
    List<ModelConfigs.Model> all = new ArrayList<>();
    models.stream().map(ModelConfigs::parse).forEach(all::add);
    if (modelConfig != null) {
      all.addAll(ModelConfigs.read(modelConfig));
    }
    List<ModelConfigs.Model> checked = ModelConfigs.checked(all);
    ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
    try (InterruptWatch watch = new InterruptWatch();
        ModelServer server = new ModelServer(checked, settings, workers)) {
      watch.allow(STOP_SECONDS);
      if (check) {
        return check(server, checked, console);
      }
      serve(server, checked, workers, console, watch);
    } finally {
      workers.shutdown();
    }
    return ExitCodes.OK;
  }

  private ModelServer.Settings settings() throws IOException {
    PredictorOptions options = common.inference().portable();
    require(maxBody >= 1 && maxBody <= 1024, "--max-body", maxBody, "1 to 1024");
    require(timeout >= 0.001 && timeout <= 86_400, "--timeout", timeout, "0.001 to 86400");
    require(maxBatch >= 1, "--max-batch", maxBatch, "1 or more");
    require(maxQueue >= maxBatch, "--max-queue", maxQueue, "--max-batch or more");
    if (!check) {
      require(port >= 0 && port < 65_536, "--port", port, "0 to 65535");
      require(
          grpcPort == null || (grpcPort >= 0 && grpcPort < 65_536),
          "--grpc-port",
          grpcPort,
          "0 to 65535");
      requireAddress();
    }
    return new ModelServer.Settings(
        options.session(),
        new DynamicBatching.Settings(maxBatch, Duration.ofMillis(2), maxQueue, 1),
        Duration.ofMillis(Math.round(timeout * 1000)),
        maxBody << 20);
  }

  private void requireAddress() throws IOException {
    try (ServerSocket trial = new ServerSocket()) {
      trial.bind(new InetSocketAddress(InetAddress.getByName(host), 0));
    } catch (UnknownHostException | BindException e) {
      throw new IllegalArgumentException(
          "--host " + host + " is no address of this machine; use 127.0.0.1, or 0.0.0.0 for all");
    }
  }

  private static void require(boolean ok, String option, Object value, String wanted) {
    if (!ok) {
      throw new IllegalArgumentException(option + " " + value + " is out of range; use " + wanted);
    }
  }

  private void serve(
      ModelServer server,
      List<ModelConfigs.Model> models,
      ExecutorService workers,
      Console console,
      InterruptWatch watch)
      throws IOException {
    try (HttpServer http =
            HttpServer.start(
                server,
                HttpServer.Settings.of(host, port, server.settings().mostBytes()),
                workers);
        GrpcServer grpc =
            grpcPort == null ? null : GrpcServer.start(server, host, grpcPort, workers)) {
      server.load();
      Set<String> told = new HashSet<>();
      tell(server, models, console, told);
      server.keepLooking();
      while (!watch.interrupted() && !server.models().allAvailable()) {
        LockSupport.parkNanos(LOOK_NANOS);
        tell(server, models, console, told);
      }
      String name = host.contains(":") ? "[" + host + "]" : host;
      String url = "http://%s:%d".formatted(name, http.port());
      String second = grpc == null ? null : "%s:%d".formatted(name, grpc.port());
      if (!watch.interrupted()) {
        console.result(
            new Row(url, second),
            "listening on " + url + (second == null ? "" : ", gRPC on " + second));
      }
      while (!watch.interrupted()) {
        LockSupport.parkNanos(LOOK_NANOS);
        tell(server, models, console, told);
      }
    }
  }

  /** Logs what became of the models since they were last looked at. */
  static void tell(
      ModelServer server, List<ModelConfigs.Model> models, Console console, Set<String> told)
      throws IOException {
    Map<String, Boolean> now = new LinkedHashMap<>();
    List<Checked> versions = versions(server);
    for (ModelConfigs.Model model : models) {
      if (versions.stream().noneMatch(version -> version.model().equals(model.name()))) {
        now.put(empty(model), false);
      }
    }
    for (Checked version : versions) {
      String which = "version %d of %s is ".formatted(version.version(), version.model());
      if (!version.error().isEmpty()) {
        now.put(which + "not served: " + version.error(), false);
      } else if (version.state().equals(ModelRepository.State.AVAILABLE.name())) {
        now.put(which + "served", true);
      } else if (version.state().equals(ModelRepository.State.END.name())) {
        now.put(which + "unloaded", true);
      }
    }
    for (Map.Entry<String, Boolean> line : now.entrySet()) {
      if (told.contains(line.getKey())) {
        continue;
      }
      if (line.getValue()) {
        console.note("%s", line.getKey());
      } else {
        console.warn("%s", line.getKey());
      }
    }
    told.clear();
    told.addAll(now.keySet());
  }

  private static String empty(ModelConfigs.Model model) {
    return "model %s has no version in %s; a version is a folder whose name is a number"
        .formatted(model.name(), model.folder());
  }

  private static int check(ModelServer server, List<ModelConfigs.Model> models, Console console)
      throws IOException {
    console.note("loading %s", String.join(", ", server.models().names()));
    server.load();
    List<Checked> versions = versions(server);
    for (Checked version : versions) {
      String told =
          version.error().isEmpty() ? String.join(" ", version.signatures()) : version.error();
      console.result(
          version,
          "%s\t%d\t%s\t%s".formatted(version.model(), version.version(), version.state(), told));
      if (!version.error().isEmpty()) {
        console.failed(version.model() + " version " + version.version(), version.error());
      }
    }
    for (ModelConfigs.Model model : models) {
      if (versions.stream().noneMatch(version -> version.model().equals(model.name()))) {
        console.failed("--check", empty(model));
      }
    }
    return console.exitCode();
  }

  private static List<Checked> versions(ModelServer server) {
    List<Checked> versions = new ArrayList<>();
    for (String name : server.models().names()) {
      try {
        for (ModelRepository.Status version : server.models().status(name, Optional.empty())) {
          List<String> signatures = new ArrayList<>();
          if (version.state() == ModelRepository.State.AVAILABLE) {
            Optional<Long> number = Optional.of(version.version());
            signatures.addAll(
                server.models().find(name, number, Optional.empty()).model().signatures().keySet());
          }
          versions.add(
              new Checked(
                  name, version.version(), version.state().name(), version.message(), signatures));
        }
      } catch (ServingException e) {
        // it has no version yet
      }
    }
    return versions;
  }
}
