package org.blip4j.data.metric;

/**
 * Where a share lies, seen from a sample: the interval of 95 % of Wilson (Probable inference, the
 * law of succession, and statistical inference, 1927), which holds for few cases and for shares
 * near 0 and 1, too.
 *
 * @param share as seen
 * @param low lower bound
 * @param high upper bound
 */
public record WilsonInterval(double share, double low, double high) {
  private static final double Z = 1.959963984540054;

  /**
   * The interval of a share.
   *
   * @param share of the cases in which it was so, 0 to 1
   * @param cases how many; with weights the {@link Weighted} have an effective number, no whole one
   */
  public static WilsonInterval of(double share, double cases) {
    if (!(share >= 0 && share <= 1 && cases >= 0)) {
      throw new IllegalArgumentException(
          "share %s of %s cases cannot be; use 0 to 1, and 0 cases or more"
              .formatted(share, cases));
    }
    if (cases == 0) {
      return new WilsonInterval(share, 0, 1);
    }
    double z2 = Z * Z / cases;
    double middle = share + z2 / 2;
    double reach = Z * Math.sqrt(share * (1 - share) / cases + z2 / cases / 4);
    return new WilsonInterval(
        share,
        Math.max(0, Math.min(share, (middle - reach) / (1 + z2))),
        Math.min(1, Math.max(share, (middle + reach) / (1 + z2))));
  }

  /**
   * Sums over cases that stand for different numbers of others. Their effective number is that of
   * Kish, {@code (sum w)^2 / sum w^2}.
   */
  public static final class Weighted {
    private double sum;
    private double squares;
    private double positive;
    private long cases;

    /** Adds a case that stands for {@code weight} others. */
    public void add(double weight, boolean isSo) {
      sum += weight;
      squares += weight * weight;
      positive += isSo ? weight : 0;
      cases++;
    }

    /** How many cases there are. */
    public long cases() {
      return cases;
    }

    /** What they stand for. */
    public double sum() {
      return sum;
    }

    /** The share in which it is so; 0 of no cases. */
    public WilsonInterval interval() {
      return cases == 0 ? of(0, 0) : of(Math.min(1, positive / sum), sum * sum / squares);
    }
  }
}
