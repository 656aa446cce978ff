/**
 * Files that hold tensors: PyTorch checkpoints, safetensors with their shards, TensorFlow bundles.
 * What the tensors mean to BLIP is not known here; nothing in a file is ever executed.
 */
package org.blip4j.data.weights;
