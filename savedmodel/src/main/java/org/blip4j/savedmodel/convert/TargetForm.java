package org.blip4j.savedmodel.convert;

/** What a model is converted into. */
public enum TargetForm {
  /** A model folder of ours. */
  MODEL_FOLDER,
  /** Safetensors with the names of the official release: a file, or a folder around it. */
  SAFETENSORS,
  /** A folder that Hugging Face transformers loads. */
  HUGGING_FACE
}
