/**
 * CapFilt's step (paper section 3.3): a captioner writes a text for each web image, a filter
 * decides for that text and for the web's own whether it stays. Commands and users' programs call
 * it alike.
 */
package org.blip4j.savedmodel.capfilt;
