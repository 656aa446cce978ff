package org.blip4j.data.weights;

import java.util.List;

/**
 * A tensor as a pickle describes it; the numbers lie elsewhere in the file.
 *
 * @param storage where the numbers are
 * @param offset first element within the storage
 * @param shape sizes
 * @param strides distances in elements
 */
record PickledTensor(Storage storage, long offset, List<Long> shape, List<Long> strides) {

  /**
   * A storage by its key.
   *
   * @param key name of the storage in the file
   * @param type element type
   * @param elements number of elements
   * @param start first element, for the views of very old files
   */
  record Storage(String key, WeightType type, long elements, long start) {}
}
