/**
 * The quickstart: BLIP's whole loop at a size that a laptop carries, on data that it makes itself.
 *
 * <p>Pictures are rendered scenes ({@link Scene}, {@link SceneRenderer}) whose true captions are
 * known and can be parsed back ({@link SceneCaption}), so that every figure of the report is
 * measured against facts. Web texts ({@link WebTextWriter}) are wrong in a known share and kind.
 */
package org.blip4j.tools.quickstart;
