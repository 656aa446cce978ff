/**
 * Comparing this implementation with golden data of the reference: every golden folder or file goes
 * through the code that users run, and every number that it holds is compared.
 *
 * <p>{@link org.blip4j.tools.verify.GoldenKind} is the table of what there is: how a kind is
 * recognised, and which check it has. A check builds its model in a {@link
 * org.blip4j.tools.verify.GoldenGraph} and asks it for operands, or for what the model has named,
 * under the names that goldens use; {@link org.blip4j.tools.verify.GoldenRun} then holds each
 * expected tensor against what was computed. Tolerances, sizes and vocabularies are read from the
 * data: nothing of one data set is written down here.
 */
package org.blip4j.tools.verify;
