package org.blip4j.tools.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.BlipProcess;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of 100 and 169 megapixels in files of some kilobytes, and one beyond the limit. */
@Tag("slow")
final class LargePictureTest {
  private static final int SIDE = 13_000;

  private static final int SCAN_SIDE = 10_000;

  /** Three of the decoded picture and little more; 3.7 were seen. */
  private static final double BYTES_A_PIXEL = 4;

  @TempDir private Path folder;
  private Path model;
  private Path small;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.write(folder.resolve("model"), Task.CAPTION).path();
    small = Files.write(folder.resolve("small.png"), TinyModel.image(1, "png"));
  }

  private Path picture(String name, int width, int height) throws IOException {
    Path file = folder.resolve(name);
    boolean png = name.endsWith("png");
    int type = png ? BufferedImage.TYPE_BYTE_BINARY : BufferedImage.TYPE_BYTE_GRAY;
    ImageIO.write(new BufferedImage(width, height, type), png ? "png" : "jpg", file.toFile());
    return file;
  }

  @Test
  void takesTheMemoryOfItsDecodedPixelsWithAModelFolder() throws Exception {
    assertBounded(model, picture("large.png", SIDE, SIDE), SIDE);
    assertBounded(model, picture("scan.jpg", SCAN_SIDE, SCAN_SIDE), SCAN_SIDE);
  }

  @Test
  void takesTheMemoryOfItsDecodedPixelsWithAnExportedModel() throws Exception {
    Path served = folder.resolve("served");
    CliRun export = CliRun.of("export", "--model", model.toString(), "--out", served.toString());
    assertEquals(0, export.status(), export.err());
    assertBounded(served.resolve("1"), picture("large.png", SIDE, SIDE), SIDE);
    Path beyond = picture("beyond.png", 14_000, SIDE);
    CliRun refused = CliRun.of("caption", "--model", served.resolve("1").toString(), "" + beyond);
    assertEquals(1, refused.status(), refused.err());
    assertTrue(refused.err().contains("178956970"), refused.err());
  }

  private void assertBounded(Path opened, Path large, int side)
      throws IOException, InterruptedException {
    long before = peak(opened, small);
    long bytes = peak(opened, large) - before;
    double each = (double) bytes / side / side;
    System.out.printf(
        "%s, %s: %d MB with a small picture, %.2f bytes a pixel more%n",
        folder.relativize(opened), large.getFileName(), before >> 20, each);
    assertTrue(each < BYTES_A_PIXEL, each + " bytes a pixel");
  }

  /** The most resident memory, in bytes, of a process that writes a caption. */
  private long peak(Path opened, Path picture) throws IOException, InterruptedException {
    Path log = folder.resolve("log-" + picture.getFileName());
    Process process =
        BlipProcess.start(log, "caption", "--model", opened.toString(), picture.toString());
    long peak = 0;
    while (process.isAlive()) {
      peak = Math.max(peak, resident(process).orElse(0L));
      Thread.sleep(5);
    }
    assertEquals(0, process.exitValue(), Files.readString(Path.of(log + ".err")));
    return peak;
  }

  private static Optional<Long> resident(Process process) {
    try {
      return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .findFirst()
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10);
    } catch (IOException e) {
      return Optional.empty(); // it has just ended
    }
  }
}
