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
    Operand<TBool> jpeg = startsWith(ctx, bytes, JPEG);
    Operand<TBool> png = startsWith(ctx, bytes, PNG);
    List<Finding> findings =
        List.of(
            finding(ctx, row.decoded(), ""),
            finding(ctx, ctx.equal(length(ctx, bytes), 0), "not an image: empty"),
            new Finding(row.tooLarge(), tooLarge(ctx, row.sizes())),
            finding(
                ctx,
                tf.math.logicalAnd(jpeg, tf.math.logicalNot(endsWith(ctx, bytes, "\u00ff\u00d9"))),
                "truncated JPEG: it does not end with the marker FF D9"),
            finding(ctx, jpeg, "damaged JPEG: it cannot be decoded"),
            finding(
                ctx,
                tf.math.logicalAnd(
                    png, tf.math.logicalNot(endsWith(ctx, bytes, "IEND\u00aeB`\u0082"))),
                "truncated PNG: it does not end with the chunk IEND"),
            finding(ctx, png, "damaged PNG: it cannot be decoded"),
            finding(ctx, startsWith(ctx, bytes, GIF), "damaged GIF: it cannot be decoded"),
            finding(
                ctx,
                matches(ctx, bytes, "BM\\C{12}(\\x28|\\x40|\\x6c|\\x7c)\\C{15}[\\x01\\x02]"),
                "unsupported BMP with run-length compression" + READ),
            finding(
                ctx, startsWith(ctx, bytes, BMP), "damaged or unusual BMP: it cannot be decoded"),
            finding(ctx, matches(ctx, bytes, "RIFF\\C{4}WEBP"), "unsupported format WebP" + READ),
            finding(
                ctx,
                tf.math.logicalOr(startsWith(ctx, bytes, "II*\0"), startsWith(ctx, bytes, "MM\0*")),
                "unsupported format TIFF" + READ),
            finding(
                ctx,
                matches(ctx, bytes, "\\C{4}ftyp(hei|hev|mif|msf)"),
                "unsupported format HEIC" + READ),
            finding(ctx, matches(ctx, bytes, "\\C{4}ftypavi"), "unsupported format AVIF" + READ));
    Operand<TString> status =
        tf.fill(tf.shape(bytes), tf.constant("not an image: no known format" + READ));
    for (int i = findings.size() - 1; i >= 0; i--) {
      Finding finding = findings.get(i);
      status = tf.select(finding.applies(), finding.text(), status);
    }
    return status;
  }

  private static Finding finding(GraphContext ctx, Operand<TBool> applies, String text) {
    Ops tf = ctx.tf();
    return new Finding(applies, tf.constant(text));
  }

  private static Operand<TString> tooLarge(GraphContext ctx, Operand<TInt64> sizes) {
    Ops tf = ctx.tf();
    Operand<TString> numbers = tf.dtypes.asString(sizes); // [B, 2]
    return tf.strings.join(
        List.of(
            ctx.at(numbers, 0, 1),
            tf.constant(" x "),
            ctx.at(numbers, 1, 1),
            tf.constant(
                " pixels are too many; " + ImageDecoding.MOST_PIXELS + " are read at most")));
  }

  /** Whether strings begin with bytes, written as Latin-1; any shape. */
  static Operand<TBool> startsWith(GraphContext ctx, Operand<TString> bytes, String start) {
    Ops tf = ctx.tf();
    return tf.math.equal(
        tf.strings.substr(bytes, tf.constant(0), tf.constant(start.length())),
        tf.constant(StandardCharsets.ISO_8859_1, start));
  }

  private static Operand<TBool> endsWith(GraphContext ctx, Operand<TString> bytes, String end) {
    Ops tf = ctx.tf();
    Operand<TInt32> position = ctx.maximum(ctx.sub(length(ctx, bytes), end.length()), 0); // [B]
    Operand<TInt32> count = ctx.add(tf.zerosLike(position), end.length());
    return tf.math.equal(
        tf.strings.substr(bytes, position, count), tf.constant(StandardCharsets.ISO_8859_1, end));
  }

  private static Operand<TBool> matches(GraphContext ctx, Operand<TString> bytes, String start) {
    Ops tf = ctx.tf();
    Operand<TString> head =
        tf.strings.substr(bytes, tf.constant(0), tf.constant(32), Substr.unit("BYTE"));
    return tf.strings.regexFullMatch(head, tf.constant(start + "\\C*"));
  }

  private static Operand<TInt32> length(GraphContext ctx, Operand<TString> bytes) {
    Ops tf = ctx.tf();
    return tf.strings.stringLength(bytes);
  }
}
