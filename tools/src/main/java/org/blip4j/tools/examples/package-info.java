/** Short programs that use the modules as libraries; the README's snippets are cut from them. */
package org.blip4j.tools.examples;
