/**
 * What BLIP is trained for: pre-training, retrieval, captioning, question answering and two-image
 * reasoning, each with its batch and its losses.
 */
package org.blip4j.graph.task;
