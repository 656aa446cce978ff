package org.blip4j.training.event;

import com.google.protobuf.ByteString;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.blip4j.data.file.MaskedCrc;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.training.validate.Validation;
import org.tensorflow.proto.DataClass;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.SessionLog;
import org.tensorflow.proto.Summary;
import org.tensorflow.proto.SummaryMetadata;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Writes scalars, texts and pictures for TensorBoard: {@code events.out.tfevents.*}, TFRecord
 * framing around {@code tensorflow.Event}.
 *
 * <p>A continued run writes a new file; its first event tells TensorBoard to forget what was
 * written beyond the step it goes on from.
 *
 * @see TrainingListener
 */
public final class EventFileWriter implements TrainingListener, Closeable {
  private final Path file;
  private final FileChannel channel;
  private final Clock clock;

  private EventFileWriter(Path file, FileChannel channel, Clock clock) {
    this.file = file;
    this.channel = channel;
    this.clock = clock;
  }

  /** Starts a new file in a run folder. */
  public static EventFileWriter create(Path folder, Clock clock) throws IOException {
    long millis = clock.millis();
    Path file =
        folder.resolve("events.out.tfevents.%d.blip.%03d".formatted(millis / 1000, millis % 1000));
    EventFileWriter writer =
        new EventFileWriter(
            file,
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.APPEND),
            clock);
    writer.write(writer.event(0).setFileVersion("brain.Event:2"));
    return writer;
  }

  @Override
  public void started(Start start) throws IOException {
    SessionLog log = SessionLog.newBuilder().setStatus(SessionLog.SessionStatus.START).build();
    write(event(start.step() + 1).setSessionLog(log));
  }

  @Override
  public void logged(StepReport report) throws IOException {
    Summary.Builder summary = Summary.newBuilder();
    for (Map.Entry<String, Double> mean : report.means().entrySet()) {
      add(summary, mean.getKey(), mean.getValue());
    }
    if (report.means().containsKey(StepReport.ITM_ACCURACY)) {
      add(summary, "itm_baseline", StepReport.ITM_BASELINE);
    }
    add(summary, "alpha", report.alpha());
    add(summary, "learning_rate", report.learningRate());
    add(summary, "images_per_second", report.samplesPerSecond());
    write(event(report.step()).setSummary(summary));
  }

  @Override
  public void validated(Validation.Result result, boolean best) throws IOException {
    Summary.Builder summary = Summary.newBuilder();
    result.figures().forEach((name, value) -> add(summary, "validation/" + name, value));
    write(event(result.step()).setSummary(summary));
  }

  /** All pictures of a kind under one tag, and their texts under another. */
  @Override
  public void shown(long step, List<Sample.ImageText> examples) throws IOException {
    Map<String, List<Sample.ImageText>> kinds =
        examples.stream()
            .collect(
                Collectors.groupingBy(
                    example -> example.key().substring(0, example.key().indexOf('/')),
                    LinkedHashMap::new,
                    Collectors.toList()));
    for (Map.Entry<String, List<Sample.ImageText>> kind : kinds.entrySet()) {
      TensorProto.Builder pictures = TensorProto.newBuilder().setDtype(DataType.DT_STRING);
      TensorProto.Builder texts = TensorProto.newBuilder().setDtype(DataType.DT_STRING);
      for (Sample.ImageText example : kind.getValue()) {
        if (pictures.getStringValCount() == 0) {
          ImageInfo size = sizeOf(example);
          pictures.addStringVal(ByteString.copyFromUtf8(Integer.toString(size.width())));
          pictures.addStringVal(ByteString.copyFromUtf8(Integer.toString(size.height())));
        }
        pictures.addStringVal(example.image());
        texts.addStringVal(
            ByteString.copyFromUtf8(
                example.key().substring(kind.getKey().length() + 1)
                    + "\n\n"
                    + String.join("\n\n", example.texts())));
      }
      Summary.Builder summary = Summary.newBuilder();
      add(
          summary,
          "examples/" + kind.getKey(),
          "images",
          DataClass.DATA_CLASS_BLOB_SEQUENCE,
          pictures);
      add(
          summary,
          "examples/" + kind.getKey() + "/text",
          "text",
          DataClass.DATA_CLASS_TENSOR,
          texts);
      write(event(step).setSummary(summary));
    }
  }

  private static ImageInfo sizeOf(Sample.ImageText example) throws IOException {
    try {
      return ImageInfo.inspect(example.image());
    } catch (SampleException e) {
      throw new IOException("example " + example.key() + ": " + e.getMessage(), e);
    }
  }

  /** A list of strings that a plug-in of TensorBoard shows. */
  private static void add(
      Summary.Builder summary,
      String tag,
      String plugin,
      DataClass kind,
      TensorProto.Builder list) {
    list.setTensorShape(
        TensorShapeProto.newBuilder()
            .addDim(TensorShapeProto.Dim.newBuilder().setSize(list.getStringValCount())));
    summary.addValue(
        Summary.Value.newBuilder()
            .setTag(tag)
            .setMetadata(
                SummaryMetadata.newBuilder()
                    .setDataClass(kind)
                    .setPluginData(SummaryMetadata.PluginData.newBuilder().setPluginName(plugin)))
            .setTensor(list));
  }

  @Override
  public void finished() throws IOException {
    close();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private Event.Builder event(long step) {
    return Event.newBuilder().setWallTime(clock.millis() / 1000.0).setStep(step);
  }

  private static void add(Summary.Builder summary, String name, double value) {
    summary.addValue(Summary.Value.newBuilder().setTag(name).setSimpleValue((float) value));
  }

  private void write(Event.Builder event) throws IOException {
    byte[] data = event.build().toByteArray();
    ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(MaskedCrc.of(record.array(), 0, 8));
    record.put(data);
    record.putInt(MaskedCrc.of(data, 0, data.length));
    record.flip();
    try {
      while (record.hasRemaining()) {
        channel.write(record);
      }
    } catch (IOException e) {
      throw new IOException(file + " cannot be written: " + e.getMessage(), e);
    }
  }
}
