/**
 * Metrics that need no model: CIDEr, BLEU, ROUGE-L, recall at k, the area under the ROC curve. Each
 * gives the numbers of the published evaluation code.
 */
package org.blip4j.data.metric;
