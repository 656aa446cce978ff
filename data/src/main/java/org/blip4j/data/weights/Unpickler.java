package org.blip4j.data.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * A pickle machine for PyTorch checkpoints that knows data only.
 *
 * <p>The result is made of {@code Map}, {@code List} (lists and tuples), {@code String}, {@code
 * Long}, {@code BigInteger}, {@code Double}, {@code Boolean}, {@code byte[]}, {@code null} and
 * {@link PickledTensor}. A global outside {@link TorchGlobal} ends the reading with an error that
 * names it; there is no way for a file to have anything called.
 */
final class Unpickler {
  private static final Object MARK = new Object();

  private final Path path;
  private final PickleInput in;
  private final Map<String, PickledTensor.Storage> storages;
  private final Deque<Object> stack = new ArrayDeque<>();
  private final Map<Long, Object> memo = new HashMap<>();

  /** Stands for None on the stack, which takes no nulls. */
  private static final Object NONE = new Object();

  /**
   * @param storages takes every storage that the pickle mentions, by key
   */
  Unpickler(Path path, PickleInput in, Map<String, PickledTensor.Storage> storages) {
    this.path = path;
    this.in = in;
    this.storages = storages;
  }

  /** Reads one pickle to its end. */
  Object read() throws IOException {
    try {
      for (int opcode = in.readByte(); opcode != '.'; opcode = in.readByte()) {
        step(opcode);
      }
      return value(stack.pop());
    } catch (ClassCastException | IndexOutOfBoundsException | NoSuchElementException e) {
      throw new WeightFileException(path, "the pickle is damaged near byte " + in.position());
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new WeightFileException(path, "the pickle is damaged: " + e.getMessage());
    }
  }

  private void step(int opcode) throws IOException {
    switch (opcode) {
      case 0x80 -> in.readByte(); // PROTO
      case 0x95 -> in.readLong(); // FRAME
      case '(' -> stack.push(MARK);
      case '0' -> stack.pop();
      case '1' -> popMark();
      case '2' -> stack.push(stack.peek());
      case 'N' -> stack.push(NONE);
      case 0x88 -> stack.push(true);
      case 0x89 -> stack.push(false);
      case 'J' -> stack.push((long) in.readInt());
      case 'K' -> stack.push((long) in.readByte());
      case 'M' -> stack.push((long) in.readShort());
      case 0x8a -> stack.push(in.readBigInteger(in.readByte()));
      case 0x8b -> stack.push(in.readBigInteger(in.readInt()));
      case 'G' -> stack.push(in.readDouble());
      case 'X' -> stack.push(in.readText(in.readInt() & 0xffffffffL, StandardCharsets.UTF_8));
      case 0x8c -> stack.push(in.readText(in.readByte(), StandardCharsets.UTF_8));
      case 0x8d -> stack.push(in.readText(in.readLong(), StandardCharsets.UTF_8));
      case 'T' -> stack.push(in.readText(in.readInt(), StandardCharsets.ISO_8859_1));
      case 'U' -> stack.push(in.readText(in.readByte(), StandardCharsets.ISO_8859_1));
      case 'B' -> stack.push(in.readBytes(in.readInt() & 0xffffffffL));
      case 'C' -> stack.push(in.readBytes(in.readByte()));
      case 'q' -> memo.put((long) in.readByte(), stack.peek());
      case 'r' -> memo.put((long) in.readInt(), stack.peek());
      case 0x94 -> memo.put((long) memo.size(), stack.peek());
      case 'h' -> stack.push(recall(in.readByte()));
      case 'j' -> stack.push(recall(in.readInt()));
      default -> structure(opcode);
    }
  }

  private void structure(int opcode) throws IOException {
    switch (opcode) {
      case ']' -> stack.push(new ArrayList<>());
      case '}' -> stack.push(new LinkedHashMap<>());
      case ')' -> stack.push(List.of());
      case 'a' -> {
        Object item = value(stack.pop());
        list(stack.peek()).add(item);
      }
      case 'e' -> {
        List<Object> items = popMark();
        list(stack.peek()).addAll(items);
      }
      case 'l' -> stack.push(popMark());
      case 'd' -> {
        List<Object> items = popMark();
        stack.push(new LinkedHashMap<>());
        putAll(items);
      }
      case 't' -> stack.push(Collections.unmodifiableList(popMark()));
      case 0x85 -> pushTuple(1);
      case 0x86 -> pushTuple(2);
      case 0x87 -> pushTuple(3);
      case 's' -> {
        Object item = value(stack.pop());
        Object key = value(stack.pop());
        map(stack.peek()).put(key, item);
      }
      case 'u' -> putAll(popMark());
      case 'c' -> pushGlobal(in.readLine() + "." + in.readLine());
      case 0x93 -> {
        String name = (String) stack.pop();
        pushGlobal(stack.pop() + "." + name);
      }
      case 'R' -> {
        List<Object> arguments = list(stack.pop());
        stack.push(rebuild((TorchGlobal) stack.pop(), arguments));
      }
      case 'b' -> {
        stack.pop(); // attributes of an OrderedDict (its _metadata) carry no weights
        map(stack.peek());
      }
      case 'Q' -> stack.push(storage(list(stack.pop())));
      default ->
          throw new WeightFileException(
              path, "pickle operation 0x%02x is not used for weights".formatted(opcode));
    }
  }

  private Object rebuild(TorchGlobal global, List<Object> arguments) throws IOException {
    return switch (global) {
      case ORDERED_DICT -> orderedDict(arguments);
      case SIZE -> arguments.get(0);
      case REBUILD_PARAMETER -> (PickledTensor) arguments.get(0);
      case REBUILD_TENSOR, REBUILD_TENSOR_V2 ->
          new PickledTensor(
              (PickledTensor.Storage) arguments.get(0),
              (Long) arguments.get(1),
              longs(arguments.get(2)),
              longs(arguments.get(3)));
      default ->
          throw new WeightFileException(path, "the pickle makes a storage in a way not known here");
    };
  }

  private static Map<Object, Object> orderedDict(List<Object> arguments) {
    Map<Object, Object> made = new LinkedHashMap<>();
    if (!arguments.isEmpty()) {
      for (Object pair : list(arguments.get(0))) {
        made.put(list(pair).get(0), list(pair).get(1));
      }
    }
    return made;
  }

  private PickledTensor.Storage storage(List<Object> id) throws IOException {
    if (!"storage".equals(id.get(0)) || !(id.get(1) instanceof TorchGlobal kind)) {
      throw new WeightFileException(path, "the pickle refers to something other than a storage");
    }
    WeightType type =
        kind.elements().orElseThrow(() -> new ClassCastException("not a storage: " + kind));
    long start = id.size() > 5 && id.get(5) instanceof List<?> view ? (Long) view.get(1) : 0;
    PickledTensor.Storage storage =
        new PickledTensor.Storage((String) id.get(2), type, (Long) id.get(4), start);
    PickledTensor.Storage known = storages.putIfAbsent(storage.key(), storage);
    if (known != null && known.type() != type) {
      throw new WeightFileException(
          path, "storage %s is %s and %s at once".formatted(storage.key(), known.type(), type));
    }
    return storage;
  }

  private void pushGlobal(String name) throws IOException {
    stack.push(
        TorchGlobal.named(name)
            .orElseThrow(
                () ->
                    new WeightFileException(
                        path,
                        "refused: the pickle names "
                            + name
                            + ", which is not part of a tensor file and could run code; use a"
                            + " checkpoint that holds tensors and plain values only")));
  }

  private void pushTuple(int size) {
    Object[] items = new Object[size];
    for (int i = size - 1; i >= 0; i--) {
      items[i] = value(stack.pop());
    }
    List<Object> tuple = new ArrayList<>(size);
    Collections.addAll(tuple, items);
    stack.push(Collections.unmodifiableList(tuple));
  }

  private List<Object> popMark() {
    List<Object> items = new ArrayList<>();
    for (Object top = stack.pop(); top != MARK; top = stack.pop()) {
      items.add(value(top));
    }
    Collections.reverse(items);
    return items;
  }

  private void putAll(List<Object> items) {
    Map<Object, Object> target = map(stack.peek());
    for (int i = 0; i < items.size(); i += 2) {
      target.put(items.get(i), items.get(i + 1));
    }
  }

  private Object recall(long key) {
    Object remembered = memo.get(key);
    if (remembered == null) {
      throw new IllegalArgumentException("nothing was remembered as " + key);
    }
    return remembered;
  }

  private static Object value(Object item) {
    return item == NONE ? null : item;
  }

  private static List<Long> longs(Object sizes) {
    List<Long> numbers = new ArrayList<>();
    for (Object size : list(sizes)) {
      numbers.add((Long) size);
    }
    return numbers;
  }

  @SuppressWarnings("unchecked") // this machine only ever makes lists of Object
  private static List<Object> list(Object item) {
    return (List<Object>) item;
  }

  @SuppressWarnings("unchecked") // this machine only ever makes maps of Object
  private static Map<Object, Object> map(Object item) {
    return (Map<Object, Object>) item;
  }
}
