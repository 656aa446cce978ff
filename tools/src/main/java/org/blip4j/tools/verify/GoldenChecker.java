package org.blip4j.tools.verify;

import java.io.IOException;

/** Checks goldens of one kind. */
@FunctionalInterface
interface GoldenChecker {
  /**
   * Computes what the golden holds and reports one row for each thing compared.
   *
   * @throws IOException if the golden cannot be read
   */
  void check(Golden golden, RowSink rows) throws IOException;
}
