package org.blip4j.tools.doctor;

import java.util.Objects;

/**
 * One thing looked at.
 *
 * @param check what was looked at
 * @param found what is there
 * @param wanted what is needed or recommended
 * @param ok whether the program can work with it
 * @param advice what to do, or null if there is nothing to do
 */
public record Finding(String check, String found, String wanted, boolean ok, String advice) {
  public Finding {
    Objects.requireNonNull(check, "check");
    Objects.requireNonNull(found, "found");
    Objects.requireNonNull(wanted, "wanted");
    if (!ok && advice == null) {
      throw new IllegalArgumentException(check + ": what fails has to say what to do");
    }
  }

  static Finding good(String check, String found, String wanted) {
    return new Finding(check, found, wanted, true, null);
  }

  static Finding of(String check, String found, String wanted, boolean ok, String advice) {
    return new Finding(check, found, wanted, ok, ok ? null : advice);
  }
}
