/**
 * The inference commands {@code caption}, {@code match}, {@code embed}, {@code vqa}, {@code nlvr}
 * and {@code export}.
 *
 * <p>Images stream through: a batch is computed while the next one is read, results come in the
 * order of the input, and an image that cannot be read is named and passed by.
 */
package org.blip4j.tools.infer;
