/**
 * CapFilt (paper section 3.3): a captioner writes texts for web images, a filter keeps the texts,
 * the web's and the captioner's, that match their image.
 *
 * <p>{@link org.blip4j.tools.capfilt.CapFiltJob} works through shards; what a text is worth is
 * asked of a {@link org.blip4j.tools.capfilt.CaptionerAndFilter}, what is kept is decided by the
 * pure {@link org.blip4j.tools.capfilt.CapFiltPolicy}, who works on which shard is settled by the
 * {@link org.blip4j.tools.capfilt.ShardLedger}.
 *
 * <p>Results do not depend on how many processes worked: a shard is computed as a whole, in batches
 * that never cross its borders, from seeds that depend on the run's seed, the shard's name and the
 * record's number alone. Two processes that come to work on one shard write the same bytes.
 */
package org.blip4j.tools.capfilt;
