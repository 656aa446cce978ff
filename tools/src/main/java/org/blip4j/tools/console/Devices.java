package org.blip4j.tools.console;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_CloseSession;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeleteDeviceList;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeleteSession;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeviceListCount;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeviceListMemoryBytes;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeviceListName;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeviceListType;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_NewSession;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SessionListDevices;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetConfig;

import com.google.common.base.Joiner;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.internal.c_api.TF_DeviceList;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.proto.ConfigProto;

/** The devices that TensorFlow sees. The public API has no list of them, the C API has. */
public final class Devices {
  /**
   * One device.
   *
   * @param name TensorFlow's name
   * @param type {@code CPU} or {@code GPU}
   * @param bytes its memory as TensorFlow counts it
   */
  public record Device(String name, String type, long bytes) {}

  private Devices() {}

  /**
   * Makes sure that TensorFlow has the GPUs that a command is to use, rather than compute on the
   * CPU without a word. To be called before other sessions are opened: the first one settles the
   * threads and the visible GPUs of the process.
   *
   * @param session says which GPUs are visible
   * @throws IllegalArgumentException if one is missing
   */
  public static void requireGpus(List<Integer> gpus, ConfigProto session) {
    List<Device> devices;
    try {
      devices = list(session);
    } catch (TensorFlowException e) {
      throw new IllegalArgumentException(missing(gpus, e.getMessage()), e);
    }
    long found = devices.stream().filter(device -> device.type().equals("GPU")).count();
    if (found < gpus.size()) {
      throw new IllegalArgumentException(missing(gpus, "TensorFlow finds " + found + " GPU(s)"));
    }
  }

  private static String missing(List<Integer> gpus, String reason) {
    String names = Joiner.on(',').join(gpus);
    return ("--device gpu:%s cannot be used: %s; 'tools/blip doctor --device gpu:%s' says what is"
            + " missing")
        .formatted(names, reason, names);
  }

  /** All devices that a session has, the CPU first. */
  public static List<Device> list(ConfigProto config) {
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      scope.attach(status);
      TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
      BytePointer bytes = new BytePointer(config.toByteArray());
      TF_SetConfig(options, bytes, bytes.capacity(), status);
      status.throwExceptionIfNotOK();
      TF_Session session = TF_NewSession(TF_Graph.newGraph(), options, status);
      status.throwExceptionIfNotOK();
      TF_DeviceList list = TF_SessionListDevices(session, status);
      status.throwExceptionIfNotOK();
      List<Device> devices = new ArrayList<>();
      for (int i = 0; i < TF_DeviceListCount(list); i++) {
        devices.add(
            new Device(
                TF_DeviceListName(list, i, status).getString(),
                TF_DeviceListType(list, i, status).getString(),
                TF_DeviceListMemoryBytes(list, i, status)));
      }
      TF_DeleteDeviceList(list);
      TF_CloseSession(session, status);
      TF_DeleteSession(session, status);
      return devices;
    }
  }
}
