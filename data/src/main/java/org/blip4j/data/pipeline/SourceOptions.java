package org.blip4j.data.pipeline;

import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * How records are read.
 *
 * @param codec column names
 * @param damage what happens at a damaged record
 * @param checkImages whether a record with an image that is none, cut short or damaged (as far as
 *     its headers tell) counts as damaged
 * @param recordLimit longest record accepted, in bytes
 */
public record SourceOptions(
    ExampleCodec codec, DamagePolicy damage, boolean checkImages, long recordLimit) {
  /** Standard column names, images checked, the first damaged record raises. */
  public static SourceOptions strict() {
    return new SourceOptions(
        ExampleCodec.standard(), DamagePolicy.raise(), true, TfRecordReader.DEFAULT_LIMIT);
  }

  /** The same with other column names. */
  public SourceOptions withCodec(ExampleCodec other) {
    return new SourceOptions(other, damage, checkImages, recordLimit);
  }

  /** The same with another policy for damaged records. */
  public SourceOptions withDamage(DamagePolicy other) {
    return new SourceOptions(codec, other, checkImages, recordLimit);
  }

  /** The same with images checked or not. */
  public SourceOptions withCheckImages(boolean value) {
    return new SourceOptions(codec, damage, value, recordLimit);
  }
}
