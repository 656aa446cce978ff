package org.blip4j.ops.decode;

/**
 * The two ids that generation itself has to know.
 *
 * @param end ends a text
 * @param padding fills up what follows the end
 */
public record EndTokens(long end, long padding) {}
