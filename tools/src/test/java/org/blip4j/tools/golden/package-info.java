/** Generation against golden data, setting by setting. */
package org.blip4j.tools.golden;
