package org.blip4j.data.text;

import com.google.common.hash.HashCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How often each of very many things was met, by a hash of 128 bits: 20 bytes a place, of which at
 * most two in three are taken, so that 100 million things need 3 to 6 GB. That two different things
 * of 100 million share a hash has a probability of 10^-23.
 */
public final class HashCounts {
  private static final int FIRST_SIZE = 1 << 10;

  private long[] high = new long[FIRST_SIZE];
  private long[] low = new long[FIRST_SIZE];
  private int[] counts = new int[FIRST_SIZE]; // 0 is a free place
  private int size;

  /** Counts a thing once more; how often it had been met before. */
  public int add(HashCode hash) {
    if (hash.bits() < 128) {
      throw new IllegalArgumentException(
          "a hash of " + hash.bits() + " bits is too short; use one of 128");
    }
    ByteBuffer bytes = ByteBuffer.wrap(hash.asBytes()).order(ByteOrder.LITTLE_ENDIAN);
    if (3L * size >= 2L * counts.length) {
      grow();
    }
    int place = place(bytes.getLong(), bytes.getLong());
    size += counts[place] == 0 ? 1 : 0;
    return counts[place]++;
  }

  /** How many different things were met. */
  public int size() {
    return size;
  }

  /** The place of a hash, taken by it from now on. */
  private int place(long one, long two) {
    int mask = counts.length - 1;
    int place = (int) one & mask;
    while (counts[place] != 0 && (high[place] != one || low[place] != two)) {
      place = (place + 1) & mask;
    }
    high[place] = one;
    low[place] = two;
    return place;
  }

  private void grow() {
    if (counts.length >= 1 << 30) {
      throw new IllegalStateException(
          "more than 700 million different things cannot be told apart");
    }
    long[] oldHigh = high;
    long[] oldLow = low;
    int[] old = counts;
    high = new long[2 * old.length];
    low = new long[2 * old.length];
    counts = new int[2 * old.length];
    for (int i = 0; i < old.length; i++) {
      if (old[i] != 0) {
        counts[place(oldHigh[i], oldLow[i])] = old[i];
      }
    }
  }
}
