package org.blip4j.tools.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a folder is taken for an image. */
class ImageTreeTest {
  @TempDir private Path folder;

  @Test
  void imagesAreTakenWhateverTheyAreCalledAndTheRestIsCounted() throws IOException {
    byte[] jpeg = TinyModel.image(1, "jpg");
    List<String> taken =
        List.of("a.JPG", "b.jfif", "c.jpe", "d.pjpeg", "e.tif", "f.dib", "g.photo", "h");
    for (String name : taken) {
      Files.write(folder.resolve(name), jpeg);
    }
    for (String name : List.of("a.txt", "captions.csv", ".hidden.png")) {
      Files.writeString(folder.resolve(name), "two dogs");
    }
    for (String name : List.of("x.svg", "y.svg", "z.mp4", "readme")) {
      Files.writeString(folder.resolve(name), "no image");
    }

    ImageSource.Tree tree = ImageSource.Tree.of(folder);

    assertEquals(taken, tree.images().stream().map(p -> p.getFileName().toString()).toList());
    assertEquals(
        Optional.of(
            folder + ": 4 file(s) that are no images left out (.mp4 1, .svg 2, no ending 1)"),
        tree.note(folder));
  }
}
