/**
 * Text inside the graph: cleaning, WordPiece tokens from strings, and strings from tokens.
 *
 * <p>Stock TensorFlow operations and constants only: no lookup table, no resource, nothing to
 * initialise, so it works unchanged in an exported model. Everything runs on the CPU, and a row's
 * result depends on nothing but its own string.
 *
 * <p>Letters: {@code N} code points of all texts, {@code L} characters after clean-up.
 */
package org.blip4j.ops.text;
