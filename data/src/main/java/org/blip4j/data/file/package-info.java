/**
 * Files as a whole: written beside their place and renamed when they are complete, checksums, and
 * the nearest name for a misspelt one.
 */
package org.blip4j.data.file;
