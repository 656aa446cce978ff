package org.blip4j.tools.records;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A folder of small pictures drawn for a test. */
record PhotoFolder(Path path) {
  /** Draws pictures of the given names; the ending tells the format. */
  static PhotoFolder draw(Path folder, String... names) throws IOException {
    int number = 0;
    for (String name : names) {
      BufferedImage image = new BufferedImage(10 + number, 8, BufferedImage.TYPE_INT_RGB);
      image.setRGB(3, 3, 0xff0000 + number++);
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile());
    }
    return new PhotoFolder(folder);
  }

  PhotoFolder with(String name, String... lines) throws IOException {
    Files.createDirectories(path);
    Files.writeString(path.resolve(name), String.join("\n", lines));
    return this;
  }
}
