package org.blip4j.tools.export;

import java.util.List;

/**
 * What {@code export} says when it is done.
 *
 * @param folder the folder of the version
 * @param signatures the keys that can be called
 */
record ExportRow(String folder, List<String> signatures) {}
