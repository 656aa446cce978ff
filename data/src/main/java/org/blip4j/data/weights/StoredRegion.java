package org.blip4j.data.weights;

import java.nio.file.Path;

/**
 * Where the bytes of a stored tensor lie.
 *
 * @param file the data file of a checkpoint
 * @param offset the first byte
 * @param length number of bytes
 */
public record StoredRegion(Path file, long offset, long length) {}
