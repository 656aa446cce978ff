package org.blip4j.savedmodel.convert;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.savedmodel.open.OpenModel;

/**
 * What became of every tensor and every variable.
 *
 * @param source what was read
 * @param kind of which kind it is, in words
 * @param target what was written
 * @param form what that is
 * @param task what the model is for
 * @param ok whether all variables have a value and all tensors are known; if not, nothing was
 *     written
 * @param tensors tensors in the source
 * @param read tensors that gave a value, tied ones included
 * @param variables variables that have a value
 * @param derived for variables whose value is not simply a tensor's, how it was made
 * @param skipped tensors that hold nothing of a model
 * @param leftOver tensors that belong to no variable of this model
 * @param missing what was missing, a sentence each
 * @param misshaped what has another shape, a sentence each
 * @param unknown tensors that belong to no model
 * @param leftOut variables without a name in the target's form
 * @param notes what else to know
 */
public record ConversionReport(
    String source,
    String kind,
    String target,
    ConversionRequest.Form form,
    Task task,
    boolean ok,
    int tensors,
    int read,
    int variables,
    Map<String, String> derived,
    List<String> skipped,
    List<String> leftOver,
    List<String> missing,
    List<String> misshaped,
    List<String> unknown,
    List<String> leftOut,
    List<String> notes) {

  /** Weights that do not fit the model that they should become; the report lists everything. */
  public static final class Refusal extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ConversionReport report;

    Refusal(String message, ConversionReport report) {
      super(message);
      this.report = report;
    }

    /** What fits and what does not. */
    public ConversionReport report() {
      return report;
    }
  }

  public ConversionReport {
    derived = new TreeMap<>(derived);
  }

  /** The report of an import, before anything was written. */
  static ConversionReport of(OpenModel model, ConversionRequest request, ImportReport report) {
    int tensors = model.file().tensors().size();
    int unused = report.skipped().size() + report.leftOver().size() + report.unknown().size();
    return new ConversionReport(
        model.path().toString(),
        model.file().kind(),
        request.target().toString(),
        request.form(),
        model.model().config().task(),
        report.complete(),
        tensors,
        tensors - unused,
        report.filled().size(),
        report.derived(),
        report.skipped(),
        report.leftOver(),
        sentences(report, ImportReport.Kind.MISSING),
        sentences(report, ImportReport.Kind.MISSHAPED),
        report.unknown(),
        List.of(),
        model.notes());
  }

  private static List<String> sentences(ImportReport report, ImportReport.Kind kind) {
    return report.problems().stream()
        .filter(problem -> problem.kind() == kind)
        .map(ImportReport.Problem::sentence)
        .toList();
  }

  ConversionReport withLeftOut(List<String> names) {
    return new ConversionReport(
        source, kind, target, form, task, ok, tensors, read, variables, derived, skipped, leftOver,
        missing, misshaped, unknown, names, notes);
  }
}
