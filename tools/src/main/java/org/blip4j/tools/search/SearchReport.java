package org.blip4j.tools.search;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.report.ReportPage;

/**
 * The content of the page of {@code search --report}.
 *
 * @param index its folder
 * @param pictures how many it has
 * @param model which one searched
 * @param groups a query each
 */
public record SearchReport(String index, int pictures, String model, ImmutableList<Group> groups) {
  private static final int SIDE = 240;

  /**
   * A query with what was found.
   *
   * @param query the text or the path of the image
   * @param picture source of the image that was looked for; empty for a text
   */
  public record Group(String query, String picture, ImmutableList<Card> cards) {}

  /**
   * A picture that was found.
   *
   * @param picture source of the image; empty if it cannot be shown
   * @param probability that it matches; negative if it was not matched
   */
  public record Card(String image, String picture, double cosine, double probability) {}

  static Group group(SearchCommand.Query query, List<Ranking.Hit> hits) {
    return new Group(
        query.name(),
        query.image().map(SearchReport::thumbnail).orElse(""),
        hits.stream()
            .map(
                hit ->
                    new Card(
                        hit.picture().image(),
                        thumbnail(hit.picture().read()),
                        hit.cosine(),
                        hit.score().map(score -> (double) score.itmProbability()).orElse(-1.0)))
            .collect(ImmutableList.toImmutableList()));
  }

  /** Empty if the picture is gone, or if Java cannot decode it. */
  private static String thumbnail(LoadedImage image) {
    if (!(image.content() instanceof LoadedImage.Bytes bytes)) {
      return "";
    }
    try {
      EncodedImage encoded = EncodedImage.of(UnsafeByteOperations.unsafeWrap(bytes.value()));
      return ReportPage.png(encoded.thumbnail(SIDE).toByteArray());
    } catch (SampleException e) {
      return "";
    }
  }

  static SearchReport of(
      Path index, FeatureIndex features, ModelSource source, List<Group> groups) {
    return new SearchReport(
        index.toString(), features.size(), source.path().toString(), ImmutableList.copyOf(groups));
  }

  void write(Path file) throws IOException {
    ReportPage.write(file, "search.ftlh", this);
  }
}
