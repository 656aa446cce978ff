package org.blip4j.tools.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.List;
import java.util.OptionalDouble;
import org.blip4j.data.metric.BinaryCounts;
import org.blip4j.tools.scenes.WebText;
import org.junit.jupiter.api.Test;

final class QuickstartSummaryTest {
  @Test
  void lastLineIsAsTheInterfaceSays() throws JsonProcessingException {
    assertEquals(
        "{\"stage\":\"summary\",\"seed\":1,\"seconds\":244.4,\"filter_auc\":0.954,"
            + "\"filter_precision\":0.92,\"filter_recall\":0.69,"
            + "\"first\":{\"captions_right\":0.188,\"cider\":1.4321,"
            + "\"r1_image_to_text\":0.1,\"r1_text_to_image\":0.167},"
            + "\"second\":{\"captions_right\":0.482,\"cider\":3.21,"
            + "\"r1_image_to_text\":0.467,\"r1_text_to_image\":0.44}}",
        ReportSample.summary().json());
  }

  @Test
  void tableForPeople() {
    assertEquals(
        """
        On held-out scenes           raw web texts   bootstrapped
          captions fully right              18.8 %         48.2 %
          CIDEr                              1.432          3.210
          R@1, image to text                10.0 %         46.7 %
          R@1, text to image                16.7 %         44.0 %
        Filter on web texts: AUC 0.954, precision 92.0 %, recall 69.0 %
        Seed 1, 244 seconds\
        """,
        ReportSample.summary().table());
  }

  @Test
  void sharesOutsideOneAreRefused() {
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> new ModelAnswers.Figures(48.2, 1, 0, 0));
    assertTrue(refused.getMessage().contains("captions_right is 48.2"), refused.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> new ModelAnswers.Figures(0, Double.NaN, 0, 0));
  }

  @Test
  void filterIsMeasuredByKind() {
    FilterFigures figures =
        FilterFigures.of(
            List.of(
                outcome(WebText.Kind.CAPTION, true, 0.9, true),
                outcome(WebText.Kind.CAPTION, true, 0.4, false),
                outcome(WebText.Kind.OTHER_PICTURE, false, 0.6, true),
                outcome(WebText.Kind.OTHER_PICTURE, true, 0.8, true),
                outcome(WebText.Kind.FILE_NAME, false, 0.1, false)));
    assertEquals(new BinaryCounts(2, 1, 1, 1), figures.web());
    assertEquals(OptionalDouble.of(5 / 6.0), figures.auc());
    FilterFigures.OfKind other = ofKind(figures, WebText.Kind.OTHER_PICTURE);
    assertEquals(
        new FilterFigures.OfKind(WebText.Kind.OTHER_PICTURE, 2, 1, 2, OptionalDouble.of(2 / 3.0)),
        other);
    FilterFigures.OfKind none = ofKind(figures, WebText.Kind.ADVERTISING);
    assertEquals(OptionalDouble.empty(), none.auc());
    assertEquals(new BinaryCounts(5, 0, 0, 0), figures.synthetic());
  }

  private static FilterFigures.OfKind ofKind(FilterFigures figures, WebText.Kind kind) {
    return figures.kinds().stream().filter(of -> of.kind() == kind).findFirst().orElseThrow();
  }

  private static JudgedPicture outcome(
      WebText.Kind kind, boolean right, double score, boolean kept) {
    return new JudgedPicture(
        "web-1",
        kind,
        new JudgedPicture.Judged("text", right, score, kept),
        new JudgedPicture.Judged("synthetic", true, 0.7, true));
  }
}
