package org.blip4j.training.input;

import org.blip4j.data.pipeline.Cursor;
import org.blip4j.data.text.TokenBatch;

/**
 * One batch, ready to be fed.
 *
 * @param pixels normalised {@code [B, S, S, 3]}, row by row
 * @param tokens {@code [B, T]}, beginning with [CLS]
 * @param identities one for each image, 0 or more; equal for the same image
 * @param end where the data go on after it
 */
@SuppressWarnings("ArrayRecordComponent") // fed to tensors as it is; equality is not used
public record TrainingBatch(float[] pixels, TokenBatch tokens, long[] identities, Cursor end) {}
