package org.blip4j.tools.serve;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.tools.serve.ModelConfigs.Model;
import org.blip4j.tools.serve.ServingException.Code;

/**
 * The versions of the models that a server has, by what lies in their folders. A new version is
 * loaded before the old one goes; one that fails stays in the list with its error and is tried five
 * times more, a minute apart; if all folders of a model are gone, what is loaded stays.
 *
 * <p>{@link #poll} does all the work, one call at a time; the other methods may be called from any
 * thread meanwhile.
 *
 * @param <M> a loaded version
 */
final class ModelRepository<M extends Closeable> implements Closeable {
  private static final int RETRIES = 5;
  private static final Duration RETRY_AFTER = Duration.ofMinutes(1);

  /** Loads a version folder. */
  interface Loader<M> {
    M load(Model model, long version, Path folder) throws ServingException, IOException;
  }

  /** How far a version is; the numbers are those of {@code get_model_status.proto}. */
  enum State {
    START(10),
    LOADING(20),
    AVAILABLE(30),
    UNLOADING(40),
    END(50);

    private final int number;

    State(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /** What is told of a version. */
  record Status(long version, State state, Code code, String message) {}

  /** A version that answers. */
  record Available<M>(String name, long version, M model) {}

  /** A version with what was tried to load it. */
  private static final class Version<M> {
    private volatile State state = State.START;
    private volatile Code code = Code.OK;
    private volatile String message = "";
    private volatile M model;
    private int failures;
    private long failedAt;
  }

  private final List<Model> models;
  private final Loader<M> loader;
  private final LongSupplier nanos;
  private final Map<String, TreeMap<Long, Version<M>>> versions = new LinkedHashMap<>();

  /**
   * A repository, empty until {@link #poll}.
   *
   * @param nanos a clock
   */
  ModelRepository(List<Model> models, Loader<M> loader, LongSupplier nanos) {
    this.models = List.copyOf(models);
    this.loader = Objects.requireNonNull(loader, "loader");
    this.nanos = nanos;
    models.forEach(model -> versions.put(model.name(), new TreeMap<>(Comparator.reverseOrder())));
  }

  /** Names of the models, in the order they were given. */
  List<String> names() {
    return models.stream().map(Model::name).toList();
  }

  /** Looks into the folders and loads and unloads what has to be. */
  void poll() {
    for (Model model : models) {
      poll(model);
    }
  }

  private void poll(Model model) {
    Set<Long> wanted = model.policy().choose(present(model.folder()));
    if (wanted.isEmpty()) {
      return; // what is loaded stays
    }
    for (long number : wanted) {
      Version<M> version = versionOf(model, number);
      if (due(version)) {
        load(model, number, version);
      }
    }
    List<Long> old = new ArrayList<>();
    boolean replaced = false;
    synchronized (versions) {
      for (Map.Entry<Long, Version<M>> entry : versions.get(model.name()).entrySet()) {
        boolean available = entry.getValue().state == State.AVAILABLE;
        if (wanted.contains(entry.getKey())) {
          replaced |= available;
        } else if (available) {
          old.add(entry.getKey());
        }
      }
    }
    if (replaced) {
      old.forEach(number -> unload(versionOf(model, number)));
    }
  }

  private static NavigableSet<Long> present(Path folder) {
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .filter(Files::isDirectory)
          .map(child -> child.getFileName().toString())
          .filter(name -> name.matches("[0-9]{1,18}"))
          .map(Long::valueOf)
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      return new TreeSet<>(); // gone for the moment
    }
  }

  private static Path folder(Model model, long number) throws IOException {
    try (Stream<Path> children = Files.list(model.folder())) {
      return children
          .filter(child -> child.getFileName().toString().matches("0*" + number))
          .findFirst()
          .orElseThrow(() -> new IOException("version " + number + " has gone"));
    }
  }

  private Version<M> versionOf(Model model, long number) {
    synchronized (versions) {
      return versions.get(model.name()).computeIfAbsent(number, key -> new Version<>());
    }
  }

  private boolean due(Version<M> version) {
    return switch (version.state) {
      case START -> true;
      case END ->
          version.code == Code.OK // it was replaced, and is wanted again
              || (version.failures <= RETRIES
                  && nanos.getAsLong() - version.failedAt >= RETRY_AFTER.toNanos());
      default -> false;
    };
  }

  private void load(Model model, long number, Version<M> version) {
    version.state = State.LOADING;
    try {
      version.model = loader.load(model, number, folder(model, number));
      version.code = Code.OK;
      version.message = "";
      version.failures = 0;
      version.state = State.AVAILABLE;
    } catch (ServingException | IOException | RuntimeException | OutOfMemoryError e) {
      ServingException failure = ServingException.of(e);
      version.code = failure.code();
      version.message = failure.getMessage();
      version.failures++;
      version.failedAt = nanos.getAsLong();
      version.state = State.END;
    }
  }

  private void unload(Version<M> version) {
    version.state = State.UNLOADING;
    M model = version.model;
    version.model = null;
    try {
      model.close();
    } catch (IOException e) {
      version.message = String.valueOf(e.getMessage());
    }
    version.state = State.END;
  }

  /** Whether every model has a version that answers. */
  boolean allAvailable() {
    return names().stream().allMatch(name -> newest(name).isPresent());
  }

  private Optional<Available<M>> newest(String name) {
    synchronized (versions) {
      for (Map.Entry<Long, Version<M>> entry : ofName(name).entrySet()) {
        M model = entry.getValue().model;
        if (entry.getValue().state == State.AVAILABLE && model != null) {
          return Optional.of(new Available<>(name, entry.getKey(), model));
        }
      }
    }
    return Optional.empty();
  }

  private Map<Long, Version<M>> ofName(String name) {
    return versions.getOrDefault(name, new TreeMap<>());
  }

  /**
   * A version that answers: the one of a number or a label, or the newest.
   *
   * @throws ServingException if there is none, in TensorFlow Serving's words
   */
  Available<M> find(String name, Optional<Long> number, Optional<String> label)
      throws ServingException {
    Optional<Long> wanted = number;
    if (label.isPresent()) {
      wanted =
          models.stream()
              .filter(model -> model.name().equals(name))
              .findFirst()
              .map(model -> model.labels().get(label.get()));
      if (wanted.isEmpty()) {
        throw ServingException.invalid("Unrecognized servable version label: " + label.get());
      }
    }
    if (wanted.isEmpty()) {
      return newest(name)
          .orElseThrow(
              () ->
                  new ServingException(
                      Code.NOT_FOUND, "Servable not found for request: Latest(" + name + ")"));
    }
    long version = wanted.get();
    synchronized (versions) {
      Version<M> found = ofName(name).get(version);
      M model = found == null ? null : found.model;
      if (model != null) {
        return new Available<>(name, version, model);
      }
    }
    throw new ServingException(
        Code.NOT_FOUND,
        "Servable not found for request: Specific(%s, %d)".formatted(name, version));
  }

  /**
   * All versions of a model, or one, from high to low.
   *
   * @throws ServingException if there is none
   */
  List<Status> status(String name, Optional<Long> number) throws ServingException {
    List<Status> found = new ArrayList<>();
    synchronized (versions) {
      ofName(name)
          .forEach(
              (version, it) -> {
                if (number.isEmpty() || number.get().equals(version)) {
                  found.add(new Status(version, it.state, it.code, it.message));
                }
              });
    }
    if (found.isEmpty()) {
      throw new ServingException(
          Code.NOT_FOUND,
          number
              .map(version -> "Could not find version %d of model %s".formatted(version, name))
              .orElse("Could not find any versions of model " + name));
    }
    return found;
  }

  /** Unloads everything. */
  @Override
  public void close() {
    List<Version<M>> all;
    synchronized (versions) {
      all = versions.values().stream().flatMap(each -> each.values().stream()).toList();
    }
    all.stream().filter(version -> version.model != null).forEach(this::unload);
  }
}
