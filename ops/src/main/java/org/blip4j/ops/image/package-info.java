/**
 * Images inside the graph: decoding, Pillow's bicubic resize, normalisation and training-time
 * augmentation.
 *
 * <p>All of it runs on the CPU and row by row, so a row's result depends on nothing but its own
 * bytes (and, when augmented, its own seed).
 */
package org.blip4j.ops.image;
