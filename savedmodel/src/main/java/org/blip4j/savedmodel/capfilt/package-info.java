/**
 * CapFilt's step (paper section 3.3): a captioner writes a text for each web image, a filter
 * decides for that text and for the web's own whether it stays. Commands and users' programs call
 * it alike.
 *
 * <p>{@link org.blip4j.savedmodel.capfilt.CapFiltStep} takes a batch of samples and gives {@link
 * org.blip4j.savedmodel.capfilt.CapFiltRecord}s; what is kept is decided by the pure {@link
 * org.blip4j.savedmodel.capfilt.CapFiltPolicy}.
 */
package org.blip4j.savedmodel.capfilt;
