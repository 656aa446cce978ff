package org.blip4j.savedmodel.predict;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * A feature of an image or a text in the space that both share: E numbers, of length 1 together;
 * zeros if the row failed.
 *
 * @see Predictor
 */
public final class EmbeddingVector implements Serializable {
  private static final long serialVersionUID = 1L;

  private final float[] values;
  private final String status;
  private final String note;

  private EmbeddingVector(float[] values, String status, String note) {
    this.values = values;
    this.status = status;
    this.note = note;
  }

  /** A copy of the numbers. */
  public float[] values() {
    return values.clone();
  }

  /** How many numbers there are, E. */
  public int dimension() {
    return values.length;
  }

  /**
   * The cosine of the angle to another vector, from -1 to 1; 0 if the row of either failed.
   *
   * @throws IllegalArgumentException if the other one is of another dimension
   */
  public double cosine(EmbeddingVector other) {
    requireSame(this, other);
    double lengths = Math.sqrt(product(this, this) * product(other, other));
    return lengths == 0 ? 0 : product(this, other) / lengths;
  }

  private static void requireSame(EmbeddingVector one, EmbeddingVector other) {
    Objects.requireNonNull(other, "other is null; give a vector of the same model");
    if (other.values.length != one.values.length) {
      throw new IllegalArgumentException(
          "vectors of %d and %d numbers have no angle; compare those of one model"
              .formatted(one.values.length, other.values.length));
    }
  }

  private static double product(EmbeddingVector one, EmbeddingVector other) {
    double sum = 0;
    for (int i = 0; i < one.values.length; i++) {
      sum += (double) one.values[i] * other.values[i];
    }
    return sum;
  }

  /**
   * Similarities of all images with all texts, or of any two lists: inner products, which are
   * cosines, since features have length 1.
   *
   * @return {@code [rows, columns]}
   * @throws IllegalArgumentException if two are of different dimensions
   */
  public static float[][] similarities(List<EmbeddingVector> rows, List<EmbeddingVector> columns) {
    float[][] similarities = new float[rows.size()][columns.size()];
    for (int row = 0; row < similarities.length; row++) {
      float[] one = rows.get(row).values;
      for (int column = 0; column < columns.size(); column++) {
        requireSame(rows.get(row), columns.get(column));
        float[] other = columns.get(column).values;
        float sum = 0;
        for (int i = 0; i < one.length; i++) {
          sum += one[i] * other[i];
        }
        similarities[row][column] = sum;
      }
    }
    return similarities;
  }

  /** Empty, or why the row failed. */
  public String status() {
    return status;
  }

  /** Empty, or how a text was cut. */
  public String note() {
    return note;
  }

  /** Whether there is a feature. */
  public boolean ok() {
    return status.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbeddingVector vector
        && Arrays.equals(values, vector.values)
        && status.equals(vector.status)
        && note.equals(vector.note);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return ok() ? Arrays.toString(values) : status;
  }

  static List<EmbeddingVector> read(SignatureRunner.Outputs outputs) {
    float[] values = outputs.floats(ServingSignature.EMBEDDING);
    int rows = outputs.rows();
    int width = values.length / rows;
    List<EmbeddingVector> vectors = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      vectors.add(
          new EmbeddingVector(
              Arrays.copyOfRange(values, i * width, (i + 1) * width),
              outputs.status(i),
              outputs.note(i)));
    }
    return vectors;
  }
}
