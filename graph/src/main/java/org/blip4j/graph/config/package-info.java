/** Sizes and settings of BLIP models as records, their presets, and their strict JSON form. */
package org.blip4j.graph.config;
