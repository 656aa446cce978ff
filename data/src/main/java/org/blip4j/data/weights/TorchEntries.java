package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Sets;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.tensorflow.ndarray.Shape;

/**
 * The content of a PyTorch checkpoint: which entry is the model, and all others as plain values.
 *
 * @param path the file
 * @param top the dictionary that was saved
 * @param storages where the numbers of each storage lie
 */
record TorchEntries(Path path, Map<?, ?> top, Map<String, FileRegion> storages) {
  /** Names of the model among several dictionaries of tensors, the likeliest first. */
  private static final List<String> MODEL_NAMES =
      List.of("model", "state_dict", "model_state_dict", "model_state", "net", "network", "module");

  /** Entries of a training checkpoint that hold tensors, but no model. */
  private static final String NO_MODEL = "(?i).*(optim|sched|scaler|rng|random).*";

  private static final int DEEPEST_MODEL = 4;
  private static final int DEEPEST = 100;
  private static final long MOST_VALUES = 10_000_000;
  private static final int SHOWN = 20;

  /** A dictionary that holds tensors, and the names that lead to it. */
  private record StateDict(List<String> names, Map<?, ?> entries) {
    long tensors() {
      return entries.values().stream().filter(Unpickler.Tensor.class::isInstance).count();
    }

    int rank() {
      int rank = names.isEmpty() ? -1 : MODEL_NAMES.indexOf(names.get(names.size() - 1));
      return rank < 0 ? MODEL_NAMES.size() : rank;
    }

    @Override
    public String toString() {
      return names.isEmpty() ? "the top level" : String.join(".", names);
    }
  }

  /**
   * The tensors of the model: what is under {@code model}, else the only dictionary that holds
   * tensors, else the one with the most.
   *
   * @throws WeightFileException if there is none, or no telling which it is
   */
  ImmutableMap<String, StoredTensor> model() throws IOException {
    if (top.get(MODEL_NAMES.get(0)) instanceof Map<?, ?> model) {
      StateDict named = new StateDict(List.of(MODEL_NAMES.get(0)), model);
      if (named.tensors() > 0) {
        return tensors(named);
      }
    }
    List<StateDict> found = new ArrayList<>();
    search(new StateDict(List.of(), top), found, Sets.newIdentityHashSet());
    found.sort(
        Comparator.comparingLong(StateDict::tensors)
            .reversed()
            .thenComparingInt(StateDict::rank)
            .thenComparingInt(dict -> dict.names.size()));
    if (found.isEmpty()) {
      throw new WeightFileException(
          path,
          "no dictionary of tensors in this checkpoint, whose top level has "
              + top.keySet().stream().limit(SHOWN).map(TorchEntries::word).toList());
    }
    if (found.size() > 1
        && found.get(1).tensors() == found.get(0).tensors()
        && found.get(1).rank() == found.get(0).rank()) {
      throw new WeightFileException(
          path,
          "several dictionaries hold %d tensors each: %s; save the one that is the model alone"
              .formatted(
                  found.get(0).tensors(),
                  found.stream()
                      .filter(dict -> dict.tensors() == found.get(0).tensors())
                      .map(StateDict::toString)
                      .collect(Collectors.joining(", "))));
    }
    return tensors(found.get(0));
  }

  private static void search(StateDict at, List<StateDict> found, Set<Object> seen) {
    if (!seen.add(at.entries)) {
      return;
    }
    if (at.tensors() > 0) {
      found.add(at);
    }
    if (at.names.size() == DEEPEST_MODEL) {
      return;
    }
    for (Map.Entry<?, ?> entry : at.entries.entrySet()) {
      if (entry.getValue() instanceof Map<?, ?> inner
          && entry.getKey() instanceof String name
          && !name.matches(NO_MODEL)) {
        List<String> names = new ArrayList<>(at.names);
        names.add(name);
        search(new StateDict(names, inner), found, seen);
      }
    }
  }

  private ImmutableMap<String, StoredTensor> tensors(StateDict dict) throws IOException {
    Map<String, StoredTensor> found = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : dict.entries.entrySet()) {
      if (entry.getValue() instanceof Unpickler.Tensor tensor) {
        String name = word(entry.getKey());
        if (found.put(name, stored(name, tensor)) != null) {
          throw new WeightFileException(path, "two tensors are named " + name);
        }
      }
    }
    return ImmutableMap.copyOf(found);
  }

  private StoredTensor stored(String name, Unpickler.Tensor tensor) throws IOException {
    FileRegion bytes = storages.get(tensor.storage().key());
    if (bytes == null) {
      throw new WeightFileException(
          path, "tensor %s: its storage %s is not there".formatted(name, tensor.storage().key()));
    }
    TensorView view;
    try {
      view =
          new TensorView(
              Shape.of(tensor.shape().stream().mapToLong(Long::longValue).toArray()),
              Math.addExact(tensor.storage().start(), tensor.offset()),
              ImmutableLongArray.copyOf(tensor.strides()));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new WeightFileException(path, "tensor " + name + " is damaged: " + e.getMessage());
    }
    return StoredTensor.of(name, tensor.storage().type(), view, bytes);
  }

  /** An entry in plain values; what is shared in the file is shared in the copy. */
  Object plain(Object key) throws IOException {
    return new Copier(word(key)).copy(word(key), top.get(key), 0).value;
  }

  /** A key as a text: a name, or a short tuple of plain values. */
  static String word(Object key) {
    return key instanceof TorchObjects.Name global ? global.pythonName() : String.valueOf(key);
  }

  /** A copied value with the number of values that it spells out to. */
  private record Copied(Object value, long values) {}

  private final class Copier {
    private final String entry;
    private final IdentityHashMap<Object, Optional<Copied>> known = new IdentityHashMap<>();

    private Copier(String entry) {
      this.entry = entry;
    }

    private Copied copy(String name, Object value, int depth) throws IOException {
      if (value instanceof Unpickler.Tensor tensor) {
        return new Copied(stored(name, tensor), 1);
      }
      if (value instanceof TorchObjects.Name || value instanceof Unpickler.Storage) {
        return new Copied(word(value), 1);
      }
      if (!(value instanceof Map<?, ?>) && !(value instanceof List<?>)) {
        return new Copied(value, 1);
      }
      Optional<Copied> before = known.get(value);
      if (before == null) {
        known.put(value, Optional.empty());
        before = Optional.of(container(name, value, depth));
        known.put(value, before);
      }
      return before.orElseThrow(
          () -> new WeightFileException(path, "entry " + entry + " contains itself"));
    }

    private Copied container(String name, Object value, int depth) throws IOException {
      if (depth > DEEPEST) {
        throw new WeightFileException(path, "entry " + entry + " is nested too deeply");
      }
      long values = 1;
      Object made;
      if (value instanceof Map<?, ?> map) {
        Map<Object, Object> copy = new LinkedHashMap<>();
        for (Map.Entry<?, ?> item : map.entrySet()) {
          Copied copied = copy(name + "." + word(item.getKey()), item.getValue(), depth + 1);
          copy.put(
              item.getKey() instanceof TorchObjects.Name key ? word(key) : item.getKey(),
              copied.value);
          values += copied.values;
        }
        made = copy;
      } else {
        List<Object> copy = new ArrayList<>();
        for (Object item : (List<?>) value) {
          Copied copied = copy(name + "." + copy.size(), item, depth + 1);
          copy.add(copied.value);
          values += copied.values;
        }
        made = copy;
      }
      if (values > MOST_VALUES) {
        throw new WeightFileException(
            path, "entry %s has more than %d values".formatted(entry, MOST_VALUES));
      }
      return new Copied(made, values);
    }
  }
}
