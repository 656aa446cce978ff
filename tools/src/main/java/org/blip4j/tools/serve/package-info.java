/**
 * A server that answers as TensorFlow Serving does.
 *
 * <p>{@link org.blip4j.tools.serve.ModelRepository} keeps the versions of the models, {@link
 * org.blip4j.tools.serve.ServedModel} runs one of them in batches; neither knows of HTTP. {@link
 * org.blip4j.tools.serve.RestApi} turns requests into answers without a network, and the HTTP and
 * gRPC servers bring it both.
 */
package org.blip4j.tools.serve;
