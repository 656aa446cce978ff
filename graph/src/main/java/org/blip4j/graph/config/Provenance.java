package org.blip4j.graph.config;

/**
 * Where weights come from.
 *
 * @param source the file or run that they were read from or trained in
 * @param version version of this program that wrote them
 * @param commit its git commit, or {@code unknown}
 * @param step training steps taken, 0 for imported weights
 */
public record Provenance(String source, String version, String commit, long step) {}
