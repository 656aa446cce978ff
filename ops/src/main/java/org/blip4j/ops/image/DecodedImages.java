package org.blip4j.ops.image;

import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * A batch of decoded images, of which some rows may have failed.
 *
 * @param pixels {@code [B, S, S, 3]} normalised; all 0 in a failed row
 * @param status {@code [B]} empty, or what is wrong with the row's bytes
 */
public record DecodedImages(Operand<TFloat32> pixels, Operand<TString> status) {

  /** Checks the shapes. */
  public DecodedImages {
    Shapes.require(pixels, "pixels", -1, -1, -1, 3);
    Shapes.require(status, "status", -1);
  }
}
