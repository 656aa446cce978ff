/**
 * What TensorFlow's C library offers and TensorFlow Java keeps to its own package; on the class
 * path a class here may use it.
 */
package org.tensorflow;
