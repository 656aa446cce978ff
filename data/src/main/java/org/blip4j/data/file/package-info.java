/**
 * Files as a whole: UTF-8 text and JSON that name what is wrong with them, files and folders that
 * are written beside their place and renamed when they are complete, checksums, and the nearest
 * name for a misspelt one.
 */
package org.blip4j.data.file;
