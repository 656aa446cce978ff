package org.tensorflow;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_GetCode;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_OK;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_OperationGetAttrMetadata;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetRequestedDevice;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_SetStatus;

import com.google.common.base.Splitter;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.proto.DataType;

/**
 * Binds operations that a graph already has to devices. A scope's device reaches only what is built
 * through the scope: gradients are added by the C library, which gives them none, so that all of
 * them would run on the first device.
 */
public final class Placement {
  private static final Splitter SCOPES = Splitter.on('/').limit(2);

  private Placement() {}

  /**
   * Binds all operations of the scopes {@code prefix0/}, {@code prefix1/} and so on to the device
   * of that number, other than those that have a device already, and those that TensorFlow puts
   * where another one lies: what takes or gives a variable, and what gradients ask to be beside the
   * value of one. To be called before a session runs any of them.
   *
   * <p>What a device has no kernel for runs on the CPU where the session allows that ({@code
   * allow_soft_placement}).
   *
   * @param devices TensorFlow's names, such as {@code /device:CPU:1}; for none nothing is bound
   */
  public static void bind(Graph graph, String prefix, List<String> devices) {
    List<String> scopes = IntStream.range(0, devices.size()).mapToObj(k -> prefix + k).toList();
    if (scopes.isEmpty()) {
      return;
    }
    try (Graph.Reference reference = graph.ref();
        PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      scope.attach(status);
      Iterator<GraphOperation> operations = graph.operations();
      while (operations.hasNext()) {
        GraphOperation operation = operations.next();
        int device = scopes.indexOf(SCOPES.split(operation.name()).iterator().next());
        if (device >= 0
            && operation.device().isEmpty()
            && !usesVariable(operation)
            && !isBesideAnother(operation, status)) {
          TF_SetRequestedDevice(
              reference.nativeHandle(), operation.getUnsafeNativeHandle(), devices.get(device));
        }
      }
    }
  }

  private static boolean isBesideAnother(GraphOperation operation, TF_Status status) {
    TF_SetStatus(status, TF_OK, ""); // the next call sets it only where it fails
    TF_OperationGetAttrMetadata(operation.getUnsafeNativeHandle(), "_class", status);
    return TF_GetCode(status) == TF_OK;
  }

  private static boolean usesVariable(GraphOperation operation) {
    for (int i = 0; i < operation.numInputs(); i++) {
      if (operation.input(i).dataType() == DataType.DT_RESOURCE) {
        return true;
      }
    }
    for (int i = 0; i < operation.numOutputs(); i++) {
      if (operation.dtype(i) == DataType.DT_RESOURCE) {
        return true;
      }
    }
    return false;
  }
}
