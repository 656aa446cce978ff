/** What a run tells while it goes on: to people, to TensorBoard, to the caller. */
package org.blip4j.training.event;
