/**
 * Folders as Hugging Face transformers writes and reads them: configuration, vocabulary, image
 * preparation.
 */
package org.blip4j.savedmodel.huggingface;
