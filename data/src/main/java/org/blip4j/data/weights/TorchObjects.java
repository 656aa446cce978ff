package org.blip4j.data.weights;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the few names that a pickle may call make of their arguments; all of it data.
 *
 * @param machine counts the work and words the errors
 */
record TorchObjects(Unpickler machine) {
  private static final int DEEPEST = 8;
  private static final int MOST_AXES = 64;
  private static final int LONGEST_KEY = 16;

  /**
   * The only names that a PyTorch pickle may mention: containers, tensor constructors, storage
   * types and plain values, those that {@code torch.load(weights_only=True)} takes. Each is a
   * constant that {@link TorchObjects} interprets; no name is ever looked up or called.
   */
  enum Name {
    ORDERED_DICT("collections.OrderedDict"),
    COUNTER("collections.Counter"),
    SET("builtins.set"),
    BYTEARRAY("builtins.bytearray"),
    COMPLEX("builtins.complex"),
    ENCODE("_codecs.encode"),
    SIZE("torch.Size"),
    DEVICE("torch.device"),
    LAYOUT("torch.serialization._get_layout"),
    TENSOR("torch.Tensor"),
    PARAMETER("torch.nn.parameter.Parameter"),
    REBUILD_TENSOR("torch._utils._rebuild_tensor"),
    REBUILD_TENSOR_V2("torch._utils._rebuild_tensor_v2"),
    REBUILD_PARAMETER("torch._utils._rebuild_parameter"),
    REBUILD_PARAMETER_WITH_STATE("torch._utils._rebuild_parameter_with_state"),
    REBUILD_FROM_TYPE("torch._tensor._rebuild_from_type_v2"),
    DOUBLE_STORAGE("torch.DoubleStorage", WeightType.F64),
    FLOAT_STORAGE("torch.FloatStorage", WeightType.F32),
    HALF_STORAGE("torch.HalfStorage", WeightType.F16),
    BFLOAT16_STORAGE("torch.BFloat16Storage", WeightType.BF16),
    LONG_STORAGE("torch.LongStorage", WeightType.I64),
    INT_STORAGE("torch.IntStorage", WeightType.I32),
    SHORT_STORAGE("torch.ShortStorage", WeightType.I16),
    CHAR_STORAGE("torch.CharStorage", WeightType.I8),
    BYTE_STORAGE("torch.ByteStorage", WeightType.U8),
    BOOL_STORAGE("torch.BoolStorage", WeightType.BOOL);

    private static final Map<String, Name> BY_NAME =
        Arrays.stream(values())
            .collect(Collectors.toUnmodifiableMap(Name::pythonName, Function.identity()));

    /** Element types, quantisation schemes and layouts: values, not functions. */
    private static final String CONSTANTS =
        "torch\\.(float(16|32|64)|bfloat16|float8_\\w+|u?int[1-8]|u?int(8|16|32|64)|bool"
            + "|complex(32|64|128)|half|float|double|short|int|long"
            + "|q(u?int8|int32)|quint[24]x[24]|bits\\w+"
            + "|per_(tensor|channel)_(affine|symmetric)(_float_qparams)?|strided|sparse_co[or])";

    private final String pythonName;
    private final WeightType elements;

    Name(String pythonName) {
      this(pythonName, null);
    }

    Name(String pythonName, WeightType elements) {
      this.pythonName = pythonName;
      this.elements = elements;
    }

    /** A name with a meaning of its own. */
    static Optional<Name> named(String pythonName) {
      return Optional.ofNullable(BY_NAME.get(pythonName));
    }

    /** Whether a name stands for a plain value, such as {@code torch.float16}. */
    static boolean isConstant(String pythonName) {
      return pythonName.matches(CONSTANTS);
    }

    String pythonName() {
      return pythonName;
    }

    /** The element type if this is a storage type. */
    Optional<WeightType> elements() {
      return Optional.ofNullable(elements);
    }
  }

  /** Does what a name would do. */
  Object make(Object callee, List<?> arguments) throws IOException {
    return make(callee, arguments, 0);
  }

  private Object make(Object callee, List<?> arguments, int depth) throws IOException {
    if (!(callee instanceof Name global) || depth > DEEPEST) {
      throw machine.damaged(kind(callee) + " is called");
    }
    return switch (global) {
      case ORDERED_DICT -> pairs(arguments);
      case COUNTER -> arguments.isEmpty() ? new LinkedHashMap<>() : map(arguments.get(0));
      case SET, SIZE -> arguments.isEmpty() ? List.of() : list(arguments.get(0));
      case DEVICE -> device(arguments);
      case LAYOUT -> text(argument(arguments, 0));
      case ENCODE -> bytes(text(argument(arguments, 0)));
      case BYTEARRAY -> bytes(arguments);
      case COMPLEX -> decimal(argument(arguments, 0)) + "+" + decimal(argument(arguments, 1)) + "j";
      case REBUILD_PARAMETER, REBUILD_PARAMETER_WITH_STATE, PARAMETER ->
          tensor(argument(arguments, 0));
      case REBUILD_FROM_TYPE ->
          make(argument(arguments, 0), list(argument(arguments, 2)), depth + 1);
      case REBUILD_TENSOR, REBUILD_TENSOR_V2 -> {
        if (!(argument(arguments, 0) instanceof Unpickler.Storage storage)) {
          throw machine.damaged(
              "a tensor is made of " + kind(arguments.get(0)) + ", not a storage");
        }
        yield new Unpickler.Tensor(
            storage,
            number(argument(arguments, 1)),
            numbers(argument(arguments, 2)),
            numbers(argument(arguments, 3)));
      }
      default -> throw machine.damaged(global.pythonName() + " is called");
    };
  }

  /** Checks that a value is one that may get attributes, which are left out. */
  void requireAttributes(Object value) throws IOException {
    if (!(value instanceof Map<?, ?>) && !(value instanceof Unpickler.Tensor)) {
      throw machine.damaged(kind(value) + " gets attributes");
    }
  }

  private Object argument(List<?> arguments, int index) throws IOException {
    if (index >= arguments.size()) {
      throw machine.damaged("a call has " + arguments.size() + " arguments, too few");
    }
    return arguments.get(index);
  }

  private Map<Object, Object> pairs(List<?> arguments) throws IOException {
    Map<Object, Object> made = new LinkedHashMap<>();
    if (!arguments.isEmpty()) {
      for (Object pair : list(arguments.get(0))) {
        machine.charge(1);
        List<?> both = list(pair);
        if (both.size() != 2 || !(both.get(0) instanceof String key)) {
          throw machine.damaged("an OrderedDict is made of something other than names and values");
        }
        made.put(key, both.get(1));
      }
    }
    return made;
  }

  private String device(List<?> arguments) throws IOException {
    String type = text(argument(arguments, 0));
    return arguments.size() > 1 && arguments.get(1) instanceof Long index
        ? type + ":" + index
        : type;
  }

  private byte[] bytes(List<?> arguments) throws IOException {
    if (arguments.isEmpty()) {
      return new byte[0];
    }
    return arguments.get(0) instanceof byte[] bytes ? bytes : bytes(text(arguments.get(0)));
  }

  private byte[] bytes(String text) throws IOException {
    machine.charge(text.length());
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private double decimal(Object value) throws IOException {
    return value instanceof Double number ? number : number(value);
  }

  private Object tensor(Object value) throws IOException {
    if (value instanceof Unpickler.Tensor) {
      return value;
    }
    throw machine.damaged("a parameter is made of " + kind(value) + ", not a tensor");
  }

  /** A key is plain, or a short tuple of plain values. */
  Object key(Object key) throws IOException {
    boolean plain =
        key instanceof List<?> tuple
            ? !(tuple instanceof ArrayList<?>)
                && tuple.size() <= LONGEST_KEY
                && tuple.stream().allMatch(TorchObjects::isPlain)
            : isPlain(key);
    if (!plain) {
      throw machine.damaged("the key of a dictionary is " + kind(key) + ", not a plain value");
    }
    return key;
  }

  private static boolean isPlain(Object value) {
    return value == null
        || value instanceof String
        || value instanceof Long
        || value instanceof BigInteger
        || value instanceof Double
        || value instanceof Boolean
        || value instanceof byte[]
        || value instanceof Name;
  }

  String text(Object value) throws IOException {
    if (value instanceof String text) {
      return text;
    }
    throw machine.damaged(kind(value) + " stands where a text belongs");
  }

  long number(Object value) throws IOException {
    if (value instanceof Long number) {
      return number;
    }
    throw machine.damaged(kind(value) + " stands where a whole number belongs");
  }

  List<?> list(Object value) throws IOException {
    if (value instanceof List<?> list) {
      return list;
    }
    throw machine.damaged(kind(value) + " stands where a list belongs");
  }

  private Map<?, ?> map(Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw machine.damaged(kind(value) + " stands where a dictionary belongs");
  }

  private List<Long> numbers(Object value) throws IOException {
    List<Long> numbers = new ArrayList<>();
    if (list(value).size() > MOST_AXES) {
      throw machine.damaged("a tensor has " + list(value).size() + " axes");
    }
    for (Object number : list(value)) {
      numbers.add(number(number));
    }
    return numbers;
  }

  /** The kind of a value, in words; never its content. */
  static String kind(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Name global) {
      return "the name " + global.pythonName();
    }
    if (value instanceof String) {
      return "a text";
    }
    if (value instanceof Long || value instanceof BigInteger || value instanceof Double) {
      return "a number";
    }
    if (value instanceof List<?>) {
      return "a list";
    }
    if (value instanceof Map<?, ?>) {
      return "a dictionary";
    }
    if (value instanceof Unpickler.Tensor) {
      return "a tensor";
    }
    if (value instanceof Unpickler.Storage) {
      return "a storage";
    }
    return value instanceof byte[] ? "bytes" : "a truth value";
  }
}
