/** What every command stands on: output, progress, common options, errors as one line, signals. */
package org.blip4j.tools.console;
