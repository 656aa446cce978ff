/**
 * Samples and how they lie in {@code tf.train.Example} records: accepted column names, image
 * formats, reading and writing.
 *
 * <p>Column names are those of img2dataset, TFDS, im2txt and the Model Garden; what is written is a
 * superset of img2dataset's. Image bytes are passed on as they are, never decoded here.
 */
package org.blip4j.data.sample;
