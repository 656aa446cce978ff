package org.blip4j.ops.image;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.strings.Substr;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Says what is wrong with the bytes of an image that was not decoded, from its first and last
 * bytes.
 */
final class ImageStatus {
  static final String JPEG = "\u00ff\u00d8\u00ff";
  static final String PNG = "\u0089PNG\r\n\u001a\n";
  static final String GIF = "GIF8";
  static final String BMP = "BM";

  private static final String READ = "; JPEG, PNG, GIF and BMP are read";

  /** A first part of a file and what to say about a file that begins so. */
  private record Finding(Operand<TBool> applies, Operand<TString> text) {}

  private ImageStatus() {}

  /**
   * What is known of each row.
   *
   * @param bytes {@code [B]}
   * @param sizes {@code [B, 2]} width and height; 0 where no header could be read
   * @param tooLarge {@code [B]} whether that is too much
   * @param decoded {@code [B]} whether the row was decoded
   */
  record Row(
      Operand<TString> bytes,
      Operand<TInt64> sizes,
      Operand<TBool> tooLarge,
      Operand<TBool> decoded) {}

  /**
   * The status of each row.
   *
   * @return {@code [B]} empty where decoded
   */
  static Operand<TString> of(GraphContext ctx, Row row) {
    Ops tf = ctx.tf();
    Operand<TString> bytes = row.bytes();
    Operand<TBool> jpeg = startsWith(tf, bytes, JPEG);
    Operand<TBool> png = startsWith(tf, bytes, PNG);
    List<Finding> findings =
        List.of(
            finding(tf, row.decoded(), ""),
            finding(tf, tf.math.equal(length(tf, bytes), tf.constant(0)), "not an image: empty"),
            new Finding(row.tooLarge(), tooLarge(tf, row.sizes())),
            finding(
                tf,
                tf.math.logicalAnd(jpeg, tf.math.logicalNot(endsWith(tf, bytes, "\u00ff\u00d9"))),
                "truncated JPEG: it does not end with the marker FF D9"),
            finding(tf, jpeg, "damaged JPEG: it cannot be decoded"),
            finding(
                tf,
                tf.math.logicalAnd(
                    png, tf.math.logicalNot(endsWith(tf, bytes, "IEND\u00aeB`\u0082"))),
                "truncated PNG: it does not end with the chunk IEND"),
            finding(tf, png, "damaged PNG: it cannot be decoded"),
            finding(tf, startsWith(tf, bytes, GIF), "damaged GIF: it cannot be decoded"),
            finding(
                tf,
                matches(tf, bytes, "BM\\C{12}(\\x28|\\x40|\\x6c|\\x7c)\\C{15}[\\x01\\x02]"),
                "unsupported BMP with run-length compression" + READ),
            finding(tf, startsWith(tf, bytes, BMP), "damaged or unusual BMP: it cannot be decoded"),
            finding(tf, matches(tf, bytes, "RIFF\\C{4}WEBP"), "unsupported format WebP" + READ),
            finding(
                tf,
                tf.math.logicalOr(startsWith(tf, bytes, "II*\0"), startsWith(tf, bytes, "MM\0*")),
                "unsupported format TIFF" + READ),
            finding(
                tf,
                matches(tf, bytes, "\\C{4}ftyp(hei|hev|mif|msf)"),
                "unsupported format HEIC" + READ),
            finding(tf, matches(tf, bytes, "\\C{4}ftypavi"), "unsupported format AVIF" + READ));
    Operand<TString> status =
        tf.fill(tf.shape(bytes), tf.constant("not an image: no known format" + READ));
    for (int i = findings.size() - 1; i >= 0; i--) {
      Finding finding = findings.get(i);
      status = tf.select(finding.applies(), finding.text(), status);
    }
    return status;
  }

  private static Finding finding(Ops tf, Operand<TBool> applies, String text) {
    return new Finding(applies, tf.constant(text));
  }

  private static Operand<TString> tooLarge(Ops tf, Operand<TInt64> sizes) {
    Operand<TString> numbers = tf.dtypes.asString(sizes); // [B, 2]
    return tf.strings.join(
        List.of(
            tf.gather(numbers, tf.constant(0), tf.constant(1)),
            tf.constant(" x "),
            tf.gather(numbers, tf.constant(1), tf.constant(1)),
            tf.constant(
                " pixels are too many; " + ImageDecoding.MOST_PIXELS + " are read at most")));
  }

  /** Whether strings begin with bytes, written as Latin-1; any shape. */
  static Operand<TBool> startsWith(Ops tf, Operand<TString> bytes, String start) {
    return tf.math.equal(
        tf.strings.substr(bytes, tf.constant(0), tf.constant(start.length())),
        tf.constant(StandardCharsets.ISO_8859_1, start));
  }

  private static Operand<TBool> endsWith(Ops tf, Operand<TString> bytes, String end) {
    Operand<TInt32> position =
        tf.math.maximum(
            tf.math.sub(length(tf, bytes), tf.constant(end.length())), tf.constant(0)); // [B]
    Operand<TInt32> count = tf.math.add(tf.zerosLike(position), tf.constant(end.length()));
    return tf.math.equal(
        tf.strings.substr(bytes, position, count), tf.constant(StandardCharsets.ISO_8859_1, end));
  }

  private static Operand<TBool> matches(Ops tf, Operand<TString> bytes, String start) {
    Operand<TString> head =
        tf.strings.substr(bytes, tf.constant(0), tf.constant(32), Substr.unit("BYTE"));
    return tf.strings.regexFullMatch(head, tf.constant(start + "\\C*"));
  }

  private static Operand<TInt32> length(Ops tf, Operand<TString> bytes) {
    return tf.strings.stringLength(bytes);
  }
}
