package org.blip4j.ops.image;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.strings.Substr;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * Says what is wrong with the bytes of an image that was not decoded, from its first and last
 * bytes.
 */
final class ImageStatus {
  private static final String READ = "; JPEG, PNG, GIF and BMP are read";

  private static final String JPEG = "\u00ff\u00d8\u00ff";
  private static final String PNG = "\u0089PNG\r\n\u001a\n";

  /** A first part of a file and what to say about a file that begins so. */
  private record Finding(Operand<TBool> applies, String text) {}

  private ImageStatus() {}

  /**
   * The status of each row.
   *
   * @param bytes {@code [B]}
   * @param decoded {@code [B]} whether the row was decoded
   * @return {@code [B]} empty where decoded
   */
  static Operand<TString> of(GraphContext ctx, Operand<TString> bytes, Operand<TBool> decoded) {
    Ops tf = ctx.tf();
    Operand<TBool> jpeg = startsWith(tf, bytes, JPEG);
    Operand<TBool> png = startsWith(tf, bytes, PNG);
    List<Finding> findings =
        List.of(
            new Finding(decoded, ""),
            new Finding(tf.math.equal(length(tf, bytes), tf.constant(0)), "not an image: empty"),
            new Finding(
                tf.math.logicalAnd(jpeg, tf.math.logicalNot(endsWith(tf, bytes, "\u00ff\u00d9"))),
                "truncated JPEG: it does not end with the marker FF D9"),
            new Finding(jpeg, "damaged JPEG: it cannot be decoded"),
            new Finding(
                tf.math.logicalAnd(
                    png, tf.math.logicalNot(endsWith(tf, bytes, "IEND\u00aeB`\u0082"))),
                "truncated PNG: it does not end with the chunk IEND"),
            new Finding(png, "damaged PNG: it cannot be decoded"),
            new Finding(startsWith(tf, bytes, "GIF8"), "damaged GIF: it cannot be decoded"),
            new Finding(
                startsWith(tf, bytes, "BM"), "damaged or unusual BMP: it cannot be decoded"),
            new Finding(matches(tf, bytes, "RIFF\\C{4}WEBP"), "unsupported format WebP" + READ),
            new Finding(
                tf.math.logicalOr(startsWith(tf, bytes, "II*\0"), startsWith(tf, bytes, "MM\0*")),
                "unsupported format TIFF" + READ),
            new Finding(
                matches(tf, bytes, "\\C{4}ftyp(hei|hev|mif|msf)"),
                "unsupported format HEIF" + READ),
            new Finding(matches(tf, bytes, "\\C{4}ftypavi"), "unsupported format AVIF" + READ));
    Operand<TString> status =
        tf.fill(tf.shape(bytes), tf.constant("not an image: no known format" + READ));
    for (int i = findings.size() - 1; i >= 0; i--) {
      Finding finding = findings.get(i);
      status = tf.select(finding.applies(), tf.constant(finding.text()), status);
    }
    return status;
  }

  /** Whether strings begin with bytes, written as Latin-1; any shape. */
  static Operand<TBool> startsWith(Ops tf, Operand<TString> bytes, String start) {
    return tf.math.equal(
        tf.strings.substr(bytes, tf.constant(0), tf.constant(start.length())),
        tf.constant(StandardCharsets.ISO_8859_1, start));
  }

  /** Whether one string begins like a JPEG or PNG. */
  static Operand<TBool> isJpegOrPng(Ops tf, Operand<TString> bytes) {
    return tf.math.logicalOr(startsWith(tf, bytes, JPEG), startsWith(tf, bytes, PNG));
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
        tf.strings.substr(bytes, tf.constant(0), tf.constant(16), Substr.unit("BYTE"));
    return tf.strings.regexFullMatch(head, tf.constant(start + "\\C*"));
  }

  private static Operand<TInt32> length(Ops tf, Operand<TString> bytes) {
    return tf.strings.stringLength(bytes);
  }
}
