package org.blip4j.data.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A pickle machine for PyTorch checkpoints that knows data only.
 *
 * <p>The result is made of {@code Map}, {@code List} (lists, tuples and sets), {@code String}
 * (types and devices, too), {@code Long}, {@code BigInteger}, {@code Double}, {@code Boolean},
 * {@code byte[]}, {@code null}, {@link Tensor} and {@link TorchObjects.Name}. A name outside {@link
 * TorchObjects.Name} ends the reading with an error that tells it; there is no way for a file to
 * have anything called. Every operation checks the kind of what it takes, so that any bytes end in
 * a result or in a {@link WeightFileException}. Lists may be shared and nested in each other; keys
 * may not, so that none is ever hashed.
 */
final class Unpickler {
  private static final Object MARK = new Object();
  private static final long MOST_WORK = 50_000_000;

  private final Path path;
  private final PickleInput in;
  private final Map<String, Storage> storages;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private final TorchObjects objects = new TorchObjects(this);
  private long at;
  private long work;

  /**
   * A storage by its key.
   *
   * @param key name of the storage in the file
   * @param type element type
   * @param elements number of elements
   * @param start first element, for the views of very old files
   */
  record Storage(String key, WeightType type, long elements, long start) {}

  /**
   * A tensor as a pickle describes it; the numbers lie elsewhere in the file.
   *
   * @param storage where the numbers are
   * @param offset first element within the storage
   * @param shape sizes
   * @param strides distances in elements
   */
  record Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) {}

  /**
   * @param storages takes every storage that the pickle mentions, by key
   */
  Unpickler(Path path, PickleInput in, Map<String, Storage> storages) {
    this.path = path;
    this.in = in;
    this.storages = storages;
  }

  /** Reads one pickle to its end. */
  Object read() throws IOException {
    at = in.position();
    for (int opcode = in.readByte(); opcode != '.'; opcode = in.readByte()) {
      step(opcode);
      charge(1);
      at = in.position();
    }
    return pop();
  }

  /** Counts work, so that shared values that are copied again and again come to an end. */
  void charge(long more) throws IOException {
    work += more;
    if (work > MOST_WORK) {
      throw damaged("it makes more than %d million values".formatted(MOST_WORK / 1_000_000));
    }
  }

  private void step(int opcode) throws IOException {
    switch (opcode) {
      case 0x80 -> in.readByte(); // PROTO
      case 0x95 -> in.readLong(); // FRAME
      case '(' -> stack.add(MARK);
      case '0' -> stack.remove(top());
      case '1' -> popMark();
      case '2' -> stack.add(peek());
      case 'N' -> stack.add(null);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'J' -> stack.add((long) in.readInt());
      case 'K' -> stack.add((long) in.readByte());
      case 'M' -> stack.add((long) in.readShort());
      case 0x8a -> stack.add(in.readBigInteger(in.readByte()));
      case 0x8b -> stack.add(in.readBigInteger(in.readInt()));
      case 'G' -> stack.add(in.readDouble());
      case 'X' -> stack.add(in.readText(in.readInt() & 0xffffffffL, StandardCharsets.UTF_8));
      case 0x8c -> stack.add(in.readText(in.readByte(), StandardCharsets.UTF_8));
      case 0x8d -> stack.add(in.readText(in.readLong(), StandardCharsets.UTF_8));
      case 'T' -> stack.add(in.readText(in.readInt(), StandardCharsets.ISO_8859_1));
      case 'U' -> stack.add(in.readText(in.readByte(), StandardCharsets.ISO_8859_1));
      case 'B' -> stack.add(in.readBytes(in.readInt() & 0xffffffffL));
      case 'C' -> stack.add(in.readBytes(in.readByte()));
      case 0x8e, 0x96 -> stack.add(in.readBytes(in.readLong()));
      case 'q' -> memo.put((long) in.readByte(), peek());
      case 'r' -> memo.put(in.readInt() & 0xffffffffL, peek());
      case 0x94 -> memo.put((long) memo.size(), peek());
      case 'h' -> stack.add(recall(in.readByte()));
      case 'j' -> stack.add(recall(in.readInt() & 0xffffffffL));
      default -> structure(opcode);
    }
  }

  private void structure(int opcode) throws IOException {
    switch (opcode) {
      case ']', 0x8f -> stack.add(new ArrayList<>());
      case '}' -> stack.add(new LinkedHashMap<>());
      case ')' -> stack.add(List.of());
      case 'a' -> {
        Object item = pop();
        growing(peek()).add(item);
      }
      case 'e', 0x90 -> {
        List<Object> items = popMark();
        growing(peek()).addAll(items);
      }
      case 'l' -> stack.add(popMark());
      case 'd' -> {
        List<Object> items = popMark();
        stack.add(new LinkedHashMap<>());
        putAll(items);
      }
      case 't' -> stack.add(Collections.unmodifiableList(popMark()));
      case 0x85 -> pushTuple(1);
      case 0x86 -> pushTuple(2);
      case 0x87 -> pushTuple(3);
      case 's' -> {
        Object item = pop();
        Object key = pop();
        putAll(Arrays.asList(key, item));
      }
      case 'u' -> putAll(popMark());
      case 'c' -> pushGlobal(in.readLine(), in.readLine());
      case 0x93 -> {
        String name = objects.text(pop());
        pushGlobal(objects.text(pop()), name);
      }
      case 'R', 0x81 -> {
        List<?> arguments = objects.list(pop());
        Object made = pop();
        stack.add(objects.make(made, arguments));
      }
      case 'b' -> {
        pop(); // attributes (the _metadata of an OrderedDict) carry no weights
        objects.requireAttributes(peek());
      }
      case 'Q' -> stack.add(storage(objects.list(pop())));
      default ->
          throw new WeightFileException(
              path,
              "the pickle is damaged or of another kind: operation 0x%02x at byte %d is not used for weights"
                  .formatted(opcode, at));
    }
  }

  private Storage storage(List<?> id) throws IOException {
    if (id.size() < 5 || !"storage".equals(id.get(0))) {
      throw damaged("it refers to something other than a storage");
    }
    WeightType type =
        id.get(1) instanceof TorchObjects.Name kind && kind.elements().isPresent()
            ? kind.elements().get()
            : null;
    if (type == null) {
      throw damaged(
          "a storage is of " + TorchObjects.kind(id.get(1)) + ", not of a type read here");
    }
    long start = 0;
    if (id.size() > 5 && id.get(5) instanceof List<?> view && view.size() > 1) {
      start = objects.number(view.get(1));
    }
    Storage storage = new Storage(objects.text(id.get(2)), type, objects.number(id.get(4)), start);
    Storage known = storages.putIfAbsent(storage.key(), storage);
    if (known != null && known.type() != type) {
      throw damaged("storage %s is %s and %s at once".formatted(storage.key(), known.type(), type));
    }
    return storage;
  }

  /** Protocol 2, which PyTorch writes, has the module names of Python 2. */
  private void pushGlobal(String module, String name) throws IOException {
    String full = (module.equals("__builtin__") ? "builtins" : module) + "." + name;
    if (TorchObjects.Name.isConstant(full)) {
      stack.add(full);
      return;
    }
    stack.add(
        TorchObjects.Name.named(full)
            .orElseThrow(
                () ->
                    new WeightFileException(
                        path,
                        "refused: the pickle names "
                            + full
                            + ", which is not part of a tensor file and could run code; use a"
                            + " checkpoint that holds tensors and plain values only")));
  }

  private void pushTuple(int size) throws IOException {
    List<Object> items = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      items.add(pop());
    }
    Collections.reverse(items);
    stack.add(Collections.unmodifiableList(items));
  }

  private List<Object> popMark() throws IOException {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw damaged("a group has no beginning");
    }
    List<Object> group = stack.subList(mark, stack.size());
    List<Object> items = new ArrayList<>(group.subList(1, group.size()));
    group.clear();
    return items;
  }

  private void putAll(List<Object> items) throws IOException {
    if (items.size() % 2 != 0 || !(peek() instanceof Map<?, ?>)) {
      throw damaged("keys and values go into " + TorchObjects.kind(peek()) + ", not a dictionary");
    }
    @SuppressWarnings("unchecked") // this machine only ever makes maps of Object
    Map<Object, Object> target = (Map<Object, Object>) peek();
    for (int i = 0; i < items.size(); i += 2) {
      target.put(objects.key(items.get(i)), items.get(i + 1));
    }
  }

  @SuppressWarnings("unchecked") // this machine only ever makes lists of Object
  private List<Object> growing(Object target) throws IOException {
    if (target instanceof ArrayList<?> list) {
      return (List<Object>) list;
    }
    throw damaged("items go into " + TorchObjects.kind(target) + ", not a list");
  }

  private Object recall(long key) throws IOException {
    if (!memo.containsKey(key)) {
      throw damaged("nothing was remembered as " + key);
    }
    return memo.get(key);
  }

  private int top() throws IOException {
    if (stack.isEmpty()) {
      throw damaged("a value is taken where none is left");
    }
    return stack.size() - 1;
  }

  private Object peek() throws IOException {
    Object top = stack.get(top());
    if (top == MARK) {
      throw damaged("a value is taken where a group begins");
    }
    return top;
  }

  private Object pop() throws IOException {
    Object top = peek();
    stack.remove(top());
    return top;
  }

  WeightFileException damaged(String problem) {
    return new WeightFileException(
        path, "the pickle is damaged at byte %d: %s".formatted(at, problem));
  }
}
