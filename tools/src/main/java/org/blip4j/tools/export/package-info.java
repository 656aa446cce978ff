/** The command that writes a SavedModel. */
package org.blip4j.tools.export;
