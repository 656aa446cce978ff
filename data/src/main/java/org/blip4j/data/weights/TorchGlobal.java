package org.blip4j.data.weights;

import java.util.Optional;

/**
 * The only names that a PyTorch pickle may mention: containers, tensor constructors and storage
 * types. Each is a constant that {@link Unpickler} interprets; no name is ever looked up or called.
 */
enum TorchGlobal {
  ORDERED_DICT("collections.OrderedDict", null),
  SIZE("torch.Size", null),
  REBUILD_TENSOR("torch._utils._rebuild_tensor", null),
  REBUILD_TENSOR_V2("torch._utils._rebuild_tensor_v2", null),
  REBUILD_PARAMETER("torch._utils._rebuild_parameter", null),
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

  private final String pythonName;
  private final WeightType elements;

  TorchGlobal(String pythonName, WeightType elements) {
    this.pythonName = pythonName;
    this.elements = elements;
  }

  static Optional<TorchGlobal> named(String pythonName) {
    for (TorchGlobal global : values()) {
      if (global.pythonName.equals(pythonName)) {
        return Optional.of(global);
      }
    }
    return Optional.empty();
  }

  /** The element type if this is a storage type. */
  Optional<WeightType> elements() {
    return Optional.ofNullable(elements);
  }
}
