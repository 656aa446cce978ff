package org.blip4j.tools.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.serve.ModelConfigs.Model;
import org.blip4j.tools.serve.ModelConfigs.Policy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions that come and go, with models that are nothing but their names. */
class ModelRepositoryTest {
  private final List<String> events = new ArrayList<>();
  private long now;

  @TempDir private Path base;

  /** A loaded version. */
  private record Loaded(String name, List<String> events) implements Closeable {
    @Override
    public void close() {
      events.add("unload " + name);
      if (name.equals("5")) {
        throw new IllegalStateException("does not close");
      }
    }
  }

  private ModelRepository<Loaded> repository(Policy policy, Map<String, Long> labels) {
    return new ModelRepository<>(
        List.of(new Model("m", base, policy, labels)),
        (model, version, folder) -> {
          events.add("load " + folder.getFileName());
          if (Files.exists(folder.resolve("broken"))) {
            throw new ServingException(ServingException.Code.NOT_FOUND, "broken");
          }
          if (Files.exists(folder.resolve("deep"))) {
            throw new StackOverflowError("deep");
          }
          return new Loaded(folder.getFileName().toString(), events);
        },
        () -> now);
  }

  private void version(String name) throws IOException {
    Files.createDirectory(base.resolve(name));
  }

  private static String states(ModelRepository<Loaded> repository) throws ServingException {
    StringBuilder states = new StringBuilder();
    repository
        .status("m", Optional.empty())
        .forEach(
            status ->
                states.append(status.version() + " " + status.state() + status.message() + ";"));
    return states.toString();
  }

  private static long newest(ModelRepository<Loaded> repository) throws ServingException {
    return repository.find("m", Optional.empty(), Optional.empty()).version();
  }

  @Test
  void theNewOneIsLoadedBeforeTheOldOneGoes() throws Exception {
    version("1");
    version("tmp4");
    version(".tmp-3");
    ModelRepository<Loaded> repository = repository(Policy.NEWEST, Map.of());
    assertFalse(repository.allAvailable());
    repository.poll();
    assertTrue(repository.allAvailable());
    version("0003");
    repository.poll();
    repository.poll();
    assertEquals(List.of("load 1", "load 0003", "unload 1"), events);
    assertEquals("3 AVAILABLE;1 END;", states(repository));
    assertEquals(3, newest(repository));
    Files.delete(base.resolve("0003"));
    repository.poll();
    assertEquals("3 END;1 AVAILABLE;", states(repository));
    Files.delete(base.resolve("1"));
    repository.poll();
    assertEquals(1, newest(repository), "what is loaded stays");
    repository.close();
    assertEquals("unload 1", events.get(events.size() - 1));
  }

  @Test
  void aFailedVersionIsKeptWithItsErrorAndTriedFiveTimesMore() throws Exception {
    version("1");
    ModelRepository<Loaded> repository = repository(Policy.NEWEST, Map.of());
    repository.poll();
    version("2");
    Files.createFile(base.resolve("2/broken"));
    for (int second = 0; second < 600; second++) {
      now += TimeUnit.SECONDS.toNanos(1);
      repository.poll();
    }
    assertEquals(6, events.stream().filter("load 2"::equals).count());
    assertEquals("2 ENDbroken;1 AVAILABLE;", states(repository));
    assertEquals(1, newest(repository));
  }

  @Test
  void aVersionThatIsMendedIsServedAtTheNextTrial() throws Exception {
    version("2");
    Files.createFile(base.resolve("2/broken"));
    ModelRepository<Loaded> repository = repository(Policy.NEWEST, Map.of());
    repository.poll();
    Files.delete(base.resolve("2/broken"));
    repository.poll();
    assertFalse(repository.allAvailable());
    now += TimeUnit.MINUTES.toNanos(1);
    repository.poll();
    assertEquals("2 AVAILABLE;", states(repository));
  }

  @Test
  void aVersionIsTriedAgainAtOnceIfItsFilesChangedOrItWasGone() throws Exception {
    version("2");
    Files.createFile(base.resolve("2/broken"));
    ModelRepository<Loaded> repository = repository(Policy.NEWEST, Map.of());
    for (int minute = 0; minute < 10; minute++) {
      repository.poll();
      now += TimeUnit.MINUTES.toNanos(1);
    }
    assertEquals("2 ENDbroken;", states(repository));
    events.clear();
    Files.writeString(base.resolve("2/broken"), "a copy goes on");
    repository.poll();
    assertEquals(List.of(), events, "it may still be written");
    repository.poll();
    assertEquals(List.of("load 2"), events);
    Files.delete(base.resolve("2/broken"));
    repository.poll();
    repository.poll();
    assertEquals("2 AVAILABLE;", states(repository));
  }

  @Test
  void aVersionThatWasGoneIsANewOne() throws Exception {
    version("2");
    Files.createFile(base.resolve("2/broken"));
    ModelRepository<Loaded> repository = repository(Policy.NEWEST, Map.of());
    repository.poll();
    Files.move(base.resolve("2"), base.resolve("aside"));
    repository.poll();
    assertEquals("2 ENDbroken;", states(repository));
    Files.delete(base.resolve("aside/broken"));
    Files.move(base.resolve("aside"), base.resolve("2"));
    repository.poll();
    assertEquals("2 AVAILABLE;", states(repository));
  }

  @Test
  void namesAreWholeNumbersOf64Bits() throws Exception {
    version("00000000000000000000000000007");
    version("9223372036854775807");
    version("9223372036854775808");
    version("-1");
    version("1x");
    version("+3");
    version("7"); // the last of one number counts, as there
    Files.createFile(base.resolve("8"));
    ModelRepository<Loaded> repository = repository(Policy.ALL, Map.of());
    repository.poll();
    assertEquals("9223372036854775807 AVAILABLE;7 AVAILABLE;-1 AVAILABLE;", states(repository));
    assertTrue(events.contains("load 7"), events.toString());
  }

  @Test
  void noErrorEndsTheLooking() throws Exception {
    version("4");
    Files.createFile(base.resolve("4/deep"));
    ModelRepository<Loaded> repository = repository(Policy.NEWEST, Map.of());
    repository.poll();
    assertEquals("4 ENDdeep;", states(repository));
    version("5");
    repository.poll();
    version("6");
    repository.poll();
    assertEquals("6 AVAILABLE;5 ENDdoes not close;4 ENDdeep;", states(repository));
  }

  @Test
  void aModelThatCannotBeLookedAtLeavesTheOthersAlone() throws Exception {
    version("1");
    Path zip = base.resolve("models.zip");
    FileSystem closed = FileSystems.newFileSystem(zip, Map.of("create", "true"));
    Path inside = closed.getPath("/");
    closed.close();
    List<Model> both = List.of(Model.of("gone", inside), Model.of("m", base));
    ModelRepository<Loaded> repository =
        new ModelRepository<>(both, (model, version, folder) -> new Loaded("1", events), () -> now);
    assertThrows(RuntimeException.class, repository::poll);
    assertEquals("1 AVAILABLE;", states(repository));
    try (ModelServer server =
        new ModelServer(
            List.of(both.get(0)),
            ModelServer.Settings.of(PredictorOptions.defaults().session()),
            Runnable::run)) {
      server.look();
      String metrics = new String(server.metrics().text(), StandardCharsets.UTF_8);
      assertTrue(metrics.contains("blip_poll_failures_total 1"), metrics);
    }
  }

  @Test
  void policiesAndLabelsChoose() throws Exception {
    version("1");
    version("2");
    version("7");
    ModelRepository<Loaded> all = repository(Policy.ALL, Map.of("stable", 1L, "absent", 5L));
    all.poll();
    assertEquals("7 AVAILABLE;2 AVAILABLE;1 AVAILABLE;", states(all));
    assertEquals(1, all.find("m", Optional.empty(), Optional.of("stable")).version());
    ModelRepository<Loaded> two = repository(new Policy(0, Set.of(1L, 2L, 9L)), Map.of());
    two.poll();
    assertEquals("2 AVAILABLE;1 AVAILABLE;", states(two));
    for (Optional<String> label : List.of(Optional.of("nope"), Optional.of("absent"))) {
      ServingException e =
          assertThrows(ServingException.class, () -> all.find("m", Optional.empty(), label));
      assertEquals(
          label.get().equals("nope")
              ? "Unrecognized servable version label: nope"
              : "Servable not found for request: Specific(m, 5)",
          e.getMessage());
    }
  }

  @Test
  void readsServingsOwnConfiguration() throws IOException {
    Path file = base.resolve("models.config");
    Files.writeString(
        file,
        """
        # two models
        model_config_list {
          config {
            name: "caption" base_path: "/served/caption" model_platform: "tensorflow"
            model_version_policy { all {} }
            version_labels { key: "stable" value: 1 }
            version_labels { key: "canary" value: 2 }
            logging_config { sampling_config { sampling_rate: 0.1 } }
          }
          config: { name: 'match', base_path: '/served/match'
                    model_version_policy: { specific: { versions: [3, 5] } } },
          config { name: "last" base_path: "x" model_type: TENSORFLOW model_version_policy { latest { num_versions: 2 } } }
        }
        """);
    List<Model> models = ModelConfigs.read(file);
    assertEquals(
        List.of(
            new Model(
                "caption",
                Path.of("/served/caption"),
                Policy.ALL,
                Map.of("stable", 1L, "canary", 2L)),
            new Model("match", Path.of("/served/match"), new Policy(0, Set.of(3L, 5L)), Map.of()),
            new Model("last", Path.of("x"), new Policy(2, Set.of()), Map.of())),
        models);
  }

  @Test
  void wrongConfigurationsAreNamedWithTheirPlace() throws IOException {
    Path file = base.resolve("models.config");
    Files.writeString(file, "model_config_list {\n  config { nam: \"x\" }\n}");
    String place =
        assertThrows(IllegalArgumentException.class, () -> ModelConfigs.read(file)).getMessage();
    assertTrue(place.startsWith(file + ":2: no model_config_list"), place);
    Files.writeString(file, "model_config_list { config { name: \"x\" } }");
    assertEquals(
        file + ": model 'x' has no base_path",
        assertThrows(IllegalArgumentException.class, () -> ModelConfigs.read(file)).getMessage());
    Files.writeString(file, "model_config_list { config { name: \"a/b\" base_path: \"x\" } }");
    assertEquals(
        file + ": 'a/b' is no name for a model; use one without / and :",
        assertThrows(IllegalArgumentException.class, () -> ModelConfigs.read(file)).getMessage());
    Files.writeString(
        file, "\ufeffmodel_config_list { config { base_path: \"x\" model_type: OTHER } }");
    assertEquals(
        file + ": model '' is of model_type OTHER; 'tensorflow' is served",
        assertThrows(IllegalArgumentException.class, () -> ModelConfigs.read(file)).getMessage());
    Model model = Model.of("a", base);
    assertThrows(IllegalArgumentException.class, () -> ModelConfigs.checked(List.of()));
    assertThrows(IllegalArgumentException.class, () -> ModelConfigs.checked(List.of(model, model)));
    assertThrows(IllegalArgumentException.class, () -> ModelConfigs.parse("nope"));
    assertEquals(Model.of("a", Path.of("b=c")), ModelConfigs.parse("a=b=c"));
  }
}
