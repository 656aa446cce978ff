/**
 * Metrics of captioning, retrieval and filtering, in plain Java (BLIP specification, section 10).
 *
 * <p>Nothing in here needs TensorFlow. Caption metrics ({@link BleuScore}, {@link RougeL}, {@link
 * CiderScore}) compute what pycocoevalcap 1.2 computes; they take {@link CaptionItem}s whose texts
 * are tokenised already, tokens separated by single spaces. Captions of plain lower-case words need
 * no tokeniser; others go through Penn Treebank tokenisation first. Recall, area under the curve
 * and counts ({@link RecallAtK}, {@link RocAuc}, {@link BinaryCounts}) take plain arrays.
 */
package org.blip4j.training.metric;
