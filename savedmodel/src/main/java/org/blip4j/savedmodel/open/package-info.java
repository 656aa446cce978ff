/**
 * What a path or a name is as a model, and what is known of it before its weights are read.
 *
 * <p>Who owns native things (graphs, sessions, tensors, open files), here and wherever models are
 * built, read or run:
 *
 * <ul>
 *   <li>What is made is owned by the class whose field it becomes, from the moment that this class
 *       is constructed; until then by the method that makes it, which closes it if a later step
 *       fails. A constructor takes what is made already and cannot fail.
 *   <li>Who starts workers waits until none of them runs any more before it closes anything that
 *       they use, also when it is interrupted or one of them fails: memory that a worker still
 *       writes to must not be freed. An interrupt is kept and seen by the caller afterwards.
 *   <li>Tensors that are fed are closed by whoever made them, after the run; variables keep the
 *       memory that they need themselves.
 *   <li>Closing twice does nothing, and closing waits for calls that are under way.
 * </ul>
 */
package org.blip4j.savedmodel.open;
