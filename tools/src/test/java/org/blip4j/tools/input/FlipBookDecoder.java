package org.blip4j.tools.input;

import com.google.common.primitives.ImmutableDoubleArray;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.blip4j.savedmodel.testing.TinyModel;

/**
 * Stands for FFmpeg in tests: a "video" is a text file with the seconds between two frames in its
 * first line, and in the second the numbers of the pictures that its frames show.
 */
public final class FlipBookDecoder implements VideoDecoder {
  /** Writes a video. */
  public static Path write(Path file, double step, int... pictures) throws IOException {
    String numbers = Arrays.toString(pictures).replaceAll("[\\[\\],]", "");
    return Files.writeString(file, step + "\n" + numbers + "\n");
  }

  @Override
  public ImmutableDoubleArray times(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.size() != 2) {
      throw new IOException("is no flip book");
    }
    ImmutableDoubleArray.Builder times = ImmutableDoubleArray.builder();
    for (int i = 0; i < pictures(file).length; i++) {
      times.add(7 + i * Double.parseDouble(lines.get(0)));
    }
    return times.build();
  }

  @Override
  public void pictures(Path file, int[] numbers, Sink sink) throws IOException {
    for (int number : numbers) {
      sink.picture(ByteString.copyFrom(TinyModel.image(pictures(file)[number], "png")));
    }
  }

  private static int[] pictures(Path file) throws IOException {
    return Arrays.stream(Files.readAllLines(file).get(1).split(" "))
        .mapToInt(Integer::parseInt)
        .toArray();
  }
}
