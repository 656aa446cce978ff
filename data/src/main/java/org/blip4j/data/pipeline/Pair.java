package org.blip4j.data.pipeline;

import com.google.protobuf.ByteString;

/** One image (its original bytes) with one text. Pairs of one sample share the image's memory. */
public record Pair(SampleId id, ByteString image, String text) {}
