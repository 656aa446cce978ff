package org.blip4j.tools.capfilt;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * Who holds a claim: machine, process and a name of its own, as {@code MACHINE PID UUID}.
 *
 * @param machine the boot of the machine and the process namespace, or {@code -} where the system
 *     does not tell
 * @param pid process number in it
 * @param instance tells this process from an earlier one with the same number
 */
record ProcessIdentity(String machine, long pid, String instance) {
  private static final String UNKNOWN = "-";
  private static final String INSTANCE = UUID.randomUUID().toString();

  static ProcessIdentity own() {
    return new ProcessIdentity(ownMachine(), ProcessHandle.current().pid(), INSTANCE);
  }

  private static String ownMachine() {
    try {
      String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
      return boot + "/" + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException | UnsupportedOperationException e) {
      return UNKNOWN;
    }
  }

  String token() {
    return machine + " " + pid + " " + instance;
  }

  /** Whether a claim's owner is known to be gone; false if that cannot be told from here. */
  boolean knowsDead(String token) {
    List<String> parts = Splitter.on(' ').splitToList(token);
    if (parts.size() != 3 || machine.equals(UNKNOWN) || !parts.get(0).equals(machine)) {
      return false;
    }
    long other = Long.parseLong(parts.get(1));
    return other == pid
        ? !parts.get(2).equals(instance)
        : ProcessHandle.of(other).filter(ProcessHandle::isAlive).isEmpty();
  }
}
