/**
 * Metrics that need no model: CIDEr, BLEU, ROUGE-L, recall at k, the accuracy of VQA, the area
 * under the ROC curve; METEOR and SPICE by programs of their own. Each gives the numbers of the
 * published evaluation code.
 */
package org.blip4j.data.metric;
