package org.blip4j.data.sample;

import com.google.common.collect.ImmutableSet;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Image file formats, told by their first bytes, and the column each is written under. */
public enum ImageFormat {
  JPEG("jpg"),
  PNG("png"),
  GIF("image"),
  BMP("image"),
  WEBP("webp"),
  TIFF("image");

  /** Endings of names of images; some are of formats that are told by their bytes only. */
  public static final ImmutableSet<String> ENDINGS =
      ImmutableSet.of(
          ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".png", ".gif", ".bmp", ".dib",
          ".webp", ".tif", ".tiff");

  private static final int HEAD = 64;
  private static final ByteString JPEG_MAGIC = ByteString.fromHex("ffd8ff");
  private static final ByteString PNG_MAGIC = ByteString.fromHex("89504e470d0a1a0a");

  private final String column;

  ImageFormat(String column) {
    this.column = column;
  }

  /** The column that the bytes of such an image are written under. */
  public String column() {
    return column;
  }

  /** The format of an image, or empty if the bytes are of none. */
  public static Optional<ImageFormat> of(ByteString image) {
    return Arrays.stream(values()).filter(format -> format.begins(image)).findFirst();
  }

  private boolean begins(ByteString image) {
    return switch (this) {
      case JPEG -> image.startsWith(JPEG_MAGIC);
      case PNG -> image.startsWith(PNG_MAGIC);
      case GIF -> ascii(image, 0, "GIF87a") || ascii(image, 0, "GIF89a");
      case BMP -> ascii(image, 0, "BM") && image.size() >= 26 && image.byteAt(14) >= 12;
      case WEBP -> ascii(image, 0, "RIFF") && ascii(image, 8, "WEBP");
      case TIFF -> ascii(image, 0, "II*\0") || ascii(image, 0, "MM\0*");
    };
  }

  /** Whether a file's name is that of an image, hidden ones left out. */
  public static boolean isNameOfImage(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    int point = name.lastIndexOf('.');
    return point > 0 && !name.startsWith(".") && ENDINGS.contains(name.substring(point));
  }

  /**
   * The format of a file by its first bytes, whatever it is called.
   *
   * @throws IOException if it cannot be read
   */
  public static Optional<ImageFormat> of(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return of(ByteString.copyFrom(in.readNBytes(HEAD)));
    }
  }

  /** The name of a format of phones and browsers that no decoder here reads, or empty. */
  static Optional<String> unread(ByteString image) {
    if (!ascii(image, 4, "ftyp") || image.size() < 12) {
      return Optional.empty();
    }
    String brand = image.substring(8, 11).toString(StandardCharsets.ISO_8859_1);
    return switch (brand) {
      case "hei", "hev", "mif", "msf" -> Optional.of("HEIC");
      case "avi" -> Optional.of("AVIF");
      default -> Optional.empty();
    };
  }

  private static boolean ascii(ByteString image, int offset, String word) {
    return image.size() >= offset + word.length()
        && image.substring(offset, offset + word.length()).equals(ByteString.copyFromUtf8(word));
  }
}
