/**
 * CapFilt over folders of shards: {@link org.blip4j.tools.capfilt.CapFilt} from shards and models
 * to a folder of shards, by a job whose processes agree through files alone ({@link
 * org.blip4j.tools.capfilt.ShardLedger}).
 *
 * <p>What becomes of a record does not depend on who worked, in which batches or shards (see {@link
 * org.blip4j.savedmodel.capfilt.CapFiltStep}). Two processes that come to work on one shard write
 * the same bytes.
 */
package org.blip4j.tools.capfilt;
