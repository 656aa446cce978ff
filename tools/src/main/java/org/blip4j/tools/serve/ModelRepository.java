package org.blip4j.tools.serve;

import com.google.common.base.Throwables;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.blip4j.tools.serve.ModelConfigs.Model;
import org.blip4j.tools.serve.ServingException.Code;

/**
 * The versions of the models that a server has, by what lies in their folders. A new version is
 * loaded before the old one goes; one that fails stays in the list with its error and is tried five
 * times more, a minute apart, and at once if its files change; if all folders of a model are gone,
 * what is loaded stays.
 *
 * <p>{@link #poll} does all the work, one call at a time; the other methods may be called from any
 * thread meanwhile.
 *
 * @param <M> a loaded version
 */
final class ModelRepository<M extends Closeable> implements Closeable {
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

  private final List<Model> models;
  private final Loader<M> loader;
  private final LongSupplier nanos;
  private final Map<String, TreeMap<Long, ModelVersion<M>>> versions = new LinkedHashMap<>();

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

  /**
   * Looks into the folders and loads and unloads what has to be. A model that cannot be looked at
   * is passed over; what happened is thrown at the end.
   */
  void poll() {
    Throwable failure = null;
    for (Model model : models) {
      try {
        poll(model);
      } catch (RuntimeException | Error e) {
        failure = e;
      }
    }
    if (failure != null) {
      Throwables.throwIfUnchecked(failure);
    }
  }

  private void poll(Model model) {
    NavigableMap<Long, Path> present = model.versions();
    synchronized (versions) {
      versions
          .get(model.name())
          .forEach((number, version) -> version.lookedFor(present.containsKey(number)));
    }
    Set<Long> wanted = model.policy().choose(present.navigableKeySet());
    if (wanted.isEmpty()) {
      return; // what is loaded stays
    }
    for (long number : wanted) {
      ModelVersion<M> version = versionOf(model, number);
      Path folder = present.get(number);
      if (version.due(folder, nanos.getAsLong())) {
        version.load(folder, () -> loader.load(model, number, folder), nanos);
      }
    }
    List<Long> old = new ArrayList<>();
    boolean replaced = false;
    synchronized (versions) {
      for (Map.Entry<Long, ModelVersion<M>> entry : versions.get(model.name()).entrySet()) {
        boolean available = entry.getValue().status(entry.getKey()).state() == State.AVAILABLE;
        if (wanted.contains(entry.getKey())) {
          replaced |= available;
        } else if (available) {
          old.add(entry.getKey());
        }
      }
    }
    if (replaced) {
      old.forEach(number -> versionOf(model, number).unload());
    }
  }

  private ModelVersion<M> versionOf(Model model, long number) {
    synchronized (versions) {
      return versions.get(model.name()).computeIfAbsent(number, key -> new ModelVersion<>());
    }
  }

  /** Whether every model has a version that answers. */
  boolean allAvailable() {
    return names().stream().allMatch(name -> newest(name).isPresent());
  }

  private Optional<Available<M>> newest(String name) {
    synchronized (versions) {
      for (Map.Entry<Long, ModelVersion<M>> entry : ofName(name).entrySet()) {
        Optional<M> model = entry.getValue().model();
        if (model.isPresent()) {
          return Optional.of(new Available<>(name, entry.getKey(), model.get()));
        }
      }
    }
    return Optional.empty();
  }

  private Map<Long, ModelVersion<M>> ofName(String name) {
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
      return Optional.ofNullable(ofName(name).get(version))
          .flatMap(ModelVersion::model)
          .map(model -> new Available<>(name, version, model))
          .orElseThrow(
              () ->
                  new ServingException(
                      Code.NOT_FOUND,
                      "Servable not found for request: Specific(%s, %d)".formatted(name, version)));
    }
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
                  found.add(it.status(version));
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
    List<ModelVersion<M>> all;
    synchronized (versions) {
      all = versions.values().stream().flatMap(each -> each.values().stream()).toList();
    }
    all.forEach(ModelVersion::unload);
  }
}
