package org.blip4j.tools.console;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is known of this machine's processor.
 *
 * @param name as the system gives it, or the architecture where it gives none
 * @param flags names of instruction sets as Linux writes them; empty on other systems
 */
public record Processor(String name, ImmutableSet<String> flags) {
  /** How much longer bfloat16 takes than float32 where it has to be emulated (seen: 3 times). */
  private static final int EMULATED = 3;

  /** The processor that this runs on. */
  public static Processor ofMachine() {
    try {
      return of(Files.readString(Path.of("/proc/cpuinfo")));
    } catch (IOException e) {
      return of(""); // not Linux
    }
  }

  static Processor of(String cpuinfo) {
    String flags = field(cpuinfo, "flags|Features");
    return new Processor(
        field(cpuinfo, "model name").isEmpty()
            ? System.getProperty("os.arch")
            : field(cpuinfo, "model name"),
        ImmutableSet.copyOf(Splitter.on(' ').omitEmptyStrings().split(flags)));
  }

  private static String field(String cpuinfo, String name) {
    Matcher matcher = Pattern.compile("(?m)^(?:" + name + ")\\s*:(.*)$").matcher(cpuinfo);
    return matcher.find() ? matcher.group(1).strip() : "";
  }

  /** The instructions that products can be made of, the widest of each kind, for people to read. */
  public String instructions() {
    String vectors =
        flags.contains("avx512f") ? ", AVX-512" : flags.contains("avx2") ? ", AVX2" : "";
    return flags.isEmpty()
        ? ""
        : vectors
            + "; bfloat16: "
            + described(bfloat16(), "none, --precision bfloat16 is slower than float32")
            + "; int8: "
            + described(present("amx_int8", "avx512_vnni", "avx_vnni", "i8mm"), "none");
  }

  private static String described(List<String> present, String otherwise) {
    return present.isEmpty() ? otherwise : String.join(", ", present);
  }

  /** The instructions for products of bfloat16 numbers. */
  public List<String> bfloat16() {
    return present("amx_bf16", "avx512_bf16", "bf16");
  }

  /** What to say to someone who asks for bfloat16 on this processor; empty if all is well. */
  public String bfloat16Warning() {
    return flags.isEmpty() || !bfloat16().isEmpty()
        ? ""
        : "this processor (%s) has no instructions for bfloat16 (avx512_bf16, amx_bf16): expect about %d times the time of --precision float32"
            .formatted(name, EMULATED);
  }

  private List<String> present(String... names) {
    return Set.of(names).stream().filter(flags::contains).sorted().toList();
  }
}
