package org.blip4j.savedmodel.predict;

import java.awt.image.BufferedImage;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;

/** What is computed before the first call of a program, and unread. */
final class WarmUp {
  private static final int SIDE = 16;

  private WarmUp() {}

  /** A session that adds two numbers, on the processor: a GPU would take seconds to begin. */
  static void firstSession(ConfigProto config) {
    ConfigProto processor = config.toBuilder().putDeviceCount("GPU", 0).build();
    try (Graph graph = new Graph();
        Session session = new Session(graph, processor)) {
      Ops tf = Ops.create(graph);
      Output<?> sum = tf.math.add(tf.constant(1f), tf.constant(1f)).asOutput();
      session.runner().fetch(sum).run().close();
    }
  }

  /** One call of each signature. */
  static void of(Predictor model) {
    byte[] picture = ImageBytes.of(new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB));
    List<byte[]> image = List.of(picture);
    List<String> text = List.of("a picture");
    for (ServingSignature signature : ServingSignature.values()) {
      if (model.has(signature)) {
        List<?> unread =
            switch (signature) {
              case CAPTION -> model.caption(image);
              case CAPTION_PROMPTED -> model.captionPrompted(image, text);
              case CAPTION_SAMPLE -> model.captionSample(image, 1);
              case MATCH -> model.match(image, text);
              case IMAGE_EMBEDDING -> model.embedImages(image);
              case TEXT_EMBEDDING -> model.embedTexts(text);
              case NLVR -> model.nlvr(image, image, text);
              case VQA -> model.vqa(image, text);
              case VQA_RANK -> model.vqaRank(image, text, new Answer.Choice(text, 1));
              // No method of a predictor calls these; they are for servers.
              case ATTRIBUTION, DIALOGUE_RANK, CAPFILT -> text;
            };
        if (unread.size() != 1) {
          throw new IllegalStateException(signature.key() + " gave " + unread.size() + " rows");
        }
      }
    }
  }
}
