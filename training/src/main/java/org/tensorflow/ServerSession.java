package org.tensorflow;

import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ClusterDef;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.JobDef;
import org.tensorflow.proto.ServerDef;

/**
 * Sessions on a TensorFlow server of this process, whose collective operations reach those of other
 * processes. TensorFlow Java's own constructors take no target, its C library does.
 */
public final class ServerSession {
  private static final String JOB = "worker";
  private static final String TASK = "/job:" + JOB + "/replica:0/task:";

  private ServerSession() {}

  /** TensorFlow's name of a task. */
  public static String task(int task) {
    return TASK + task;
  }

  /**
   * Starts a server and opens a session on it. The server listens on all interfaces of the machine,
   * without authentication or encryption, and ends with the process: TensorFlow cannot stop it. It
   * keeps the variables beyond the session.
   *
   * @param addresses {@code HOST:PORT} of each task, written alike on all of them
   * @param task which of them this process is
   * @param session threads and devices
   * @throws org.tensorflow.exceptions.TensorFlowException if the port is taken
   */
  public static Session open(Graph graph, List<String> addresses, int task, ConfigProto session) {
    ConfigProto.Builder builder = session.toBuilder();
    builder.addDeviceFilters("/job:" + JOB + "/task:" + task); // wait for no other, see no other
    builder.getExperimentalBuilder().setCollectiveGroupLeader(task(0));
    ConfigProto config = builder.build();
    JobDef.Builder job = JobDef.newBuilder().setName(JOB);
    for (int i = 0; i < addresses.size(); i++) {
      job.putTasks(i, addresses.get(i));
    }
    new Server(
            ServerDef.newBuilder()
                .setCluster(ClusterDef.newBuilder().addJob(job))
                .setJobName(JOB)
                .setTaskIndex(task)
                .setProtocol("grpc")
                .setDefaultSessionConfig(config)
                .build())
        .start();
    return open(graph, "grpc://" + addresses.get(task), config);
  }

  /**
   * Where the target is, letter by letter, what the cluster of a server in this process says of it,
   * the session calls that server without a detour over the network.
   */
  private static Session open(Graph graph, String target, ConfigProto config) {
    try (Graph.Reference reference = graph.ref();
        PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      scope.attach(status);
      TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
      tensorflow.TF_SetTarget(options, target);
      BytePointer bytes = new BytePointer(config.toByteArray());
      tensorflow.TF_SetConfig(options, bytes, bytes.capacity(), status);
      status.throwExceptionIfNotOK();
      TF_Session session = TF_Session.newSession(reference.nativeHandle(), options, status);
      status.throwExceptionIfNotOK();
      return new Session(graph, session.retainReference());
    }
  }
}
