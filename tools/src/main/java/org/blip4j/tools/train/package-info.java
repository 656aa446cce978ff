/** The commands {@code pretrain} and {@code finetune}: arguments to a run of the trainer. */
package org.blip4j.tools.train;
