package org.blip4j.tools.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.io.Resources;
import freemarker.core.HTMLOutputFormat;
import freemarker.template.Configuration;
import freemarker.template.TemplateException;
import freemarker.template.TemplateExceptionHandler;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.blip4j.data.file.AtomicFile;

/**
 * Makes the pages of all reports: a template and what it shows, to one HTML file that needs nothing
 * beside it. Style, pictures, and the script that draws diagrams are inside; texts are escaped; the
 * same whatever the locale.
 *
 * <p>A template lies beside this class; it begins with {@code <#import "page.ftlh" as page>} and
 * finds its content under {@code content}.
 */
public final class ReportPage {
  private static final String UPLOT = "META-INF/resources/webjars/uplot/1.6.30/dist/";

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Configuration TEMPLATES = configuration();

  private ReportPage() {}

  private static Configuration configuration() {
    Configuration configuration = new Configuration(Configuration.VERSION_2_3_34);
    configuration.setClassForTemplateLoading(ReportPage.class, "");
    configuration.setOutputFormat(HTMLOutputFormat.INSTANCE);
    configuration.setDefaultEncoding(StandardCharsets.UTF_8.name());
    configuration.setLocale(Locale.ROOT);
    configuration.setTemplateExceptionHandler(TemplateExceptionHandler.RETHROW_HANDLER);
    configuration.setLogTemplateExceptions(false);
    return configuration;
  }

  /** Writes a page to a file. */
  public static void write(Path file, String template, Object content) throws IOException {
    AtomicFile.write(file, html(template, content).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * A page as a string.
   *
   * @param template such as {@code quickstart.ftlh}
   * @param content a record or map whose parts the template names
   */
  public static String html(String template, Object content) throws IOException {
    Map<String, Object> all = new HashMap<>();
    all.put("content", content);
    all.put("style", own("report.css") + library("uPlot.min.css"));
    all.put(
        "script",
        library("uPlot.iife.min.js") + own("charts.js") + own("threshold.js") + own("judge.js"));
    StringWriter page = new StringWriter();
    try {
      TEMPLATES.getTemplate(template).process(all, page);
    } catch (TemplateException e) {
      throw new IllegalStateException(template + " cannot show what it was given", e);
    }
    return page.toString();
  }

  /** JSON of numbers, texts, lists and maps that may stand inside a script element. */
  public static String json(Object value) {
    try {
      return JSON.writeValueAsString(value).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no JSON of " + value, e);
    }
  }

  /** A PNG picture as the source of an image element. */
  public static String png(byte[] file) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(file);
  }

  private static String own(String name) throws IOException {
    return Resources.toString(
        Resources.getResource(ReportPage.class, name), StandardCharsets.UTF_8);
  }

  private static String library(String name) throws IOException {
    return Resources.toString(Resources.getResource(UPLOT + name), StandardCharsets.UTF_8);
  }
}
