package org.blip4j.tools.quickstart;

import org.blip4j.tools.scenes.NoiseKind;

/**
 * What CapFilt made of one web picture.
 *
 * @param key the record's key
 * @param kind how its web text came about
 * @param web the web text
 * @param synthetic the captioner's text
 */
public record CapFiltOutcome(String key, NoiseKind kind, JudgedText web, JudgedText synthetic) {}
