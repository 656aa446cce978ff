package org.blip4j.tools.train;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.tools.report.LineChart;
import org.blip4j.tools.report.ReportPage;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;

/**
 * Writes {@code report.html} of a run after each validation and at its end, from what lies in its
 * folder: the curves of {@code metrics.jsonl} and the examples of the last validation. Equal runs
 * give equal pages.
 *
 * @param run its folder
 */
record RunReport(Path run) implements TrainingListener {
  /**
   * What the page shows.
   *
   * @param step the last one that was logged
   * @param charts losses and what else is watched
   * @param kinds of examples, none without a validation
   */
  public record Content(int step, ImmutableList<LineChart> charts, ImmutableList<Kind> kinds) {}

  /**
   * Examples of a kind.
   *
   * @param name such as "captions"
   */
  public record Kind(String name, ImmutableList<Shown> examples) {}

  /**
   * An example.
   *
   * @param key of its record
   * @param picture source of the image
   * @param lines what it was given, what the model said, what is true
   */
  public record Shown(String key, String picture, ImmutableList<String> lines) {}

  @Override
  public void logged(StepReport report) {}

  @Override
  public void shown(long step, List<Sample.ImageText> examples) throws IOException {
    write();
  }

  @Override
  public void finished() throws IOException {
    write();
  }

  private void write() throws IOException {
    ImmutableList<LineChart> charts = LineChart.ofRun(run);
    int last =
        charts.stream()
            .flatMap(chart -> chart.curves().stream())
            .mapToInt(curve -> curve.points().lastKey())
            .max()
            .orElse(0);
    ReportPage.write(run.resolve("report.html"), "run.ftlh", new Content(last, charts, kinds()));
  }

  private ImmutableList<Kind> kinds() throws IOException {
    ImmutableList.Builder<Kind> kinds = ImmutableList.builder();
    List<Sample.ImageText> all = examples();
    for (String name : all.stream().map(RunReport::kind).distinct().toList()) {
      kinds.add(
          new Kind(
              name,
              all.stream()
                  .filter(example -> kind(example).equals(name))
                  .map(
                      example ->
                          new Shown(
                              example.key().substring(name.length() + 1),
                              ReportPage.png(example.image().toByteArray()),
                              example.texts()))
                  .collect(ImmutableList.toImmutableList())));
    }
    return kinds.build();
  }

  private static String kind(Sample.ImageText example) {
    return example.key().substring(0, example.key().indexOf('/'));
  }

  private List<Sample.ImageText> examples() throws IOException {
    Path file = run.resolve("examples.tfrecord");
    ImmutableList.Builder<Sample.ImageText> examples = ImmutableList.builder();
    if (Files.exists(file)) {
      try (TfRecordReader reader = TfRecordReader.open(file)) {
        for (Optional<byte[]> next = reader.next(); next.isPresent(); next = reader.next()) {
          examples.add(ExampleCodec.standard().imageText(next.get(), "/"));
        }
      } catch (SampleException e) {
        throw new IOException(file + ": " + e.getMessage(), e);
      }
    }
    return examples.build();
  }
}
