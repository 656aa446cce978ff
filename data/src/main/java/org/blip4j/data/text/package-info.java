/**
 * Text in and out: the BERT vocabulary with BLIP's two extra tokens, WordPiece tokenising, caption
 * and question cleaning, and turning ids back into text.
 *
 * <p>Everything here follows the published code to the character (transformers' slow {@code
 * BertTokenizer} and BLIP's {@code data/utils.py}). Character classes, lower-casing and
 * decomposition are the running JDK's: Unicode 13.0 on JDK 17, which is also what the reference
 * values were made with; a newer JDK differs only on code points assigned since.
 *
 * <p>The resource {@code bert-base-uncased-vocab.txt} is the vocabulary of Google's BERT
 * (bert-base-uncased), Apache License 2.0, unchanged.
 */
package org.blip4j.data.text;
