/**
 * Comparing this implementation with golden data of the reference: every golden folder or file goes
 * through the code that users run, and every number that it holds is compared.
 *
 * <p>{@link org.blip4j.tools.verify.Verification} finds goldens and asks the checker of each kind;
 * a {@link org.blip4j.tools.verify.GoldenChecker} builds the model from the golden's own
 * configuration, computes, and hands the results to a {@link org.blip4j.tools.verify.RowSink}.
 * Kinds are told by content, sizes and vocabularies are read from the data: nothing of one data set
 * is written down here.
 */
package org.blip4j.tools.verify;
