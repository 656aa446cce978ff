/**
 * The command line: one class a command, each parsing its options to a record and calling one
 * library entry.
 *
 * <p>{@link org.blip4j.tools.cli.BlipCli} is the root. A new command is a {@code Callable<Integer>}
 * with a {@code @Mixin CommonOptions}, named in the root's list; it writes through the {@link
 * org.blip4j.tools.console.Console} that {@code common.console()} gives, throws {@code
 * IllegalArgumentException} or {@code IOException} with one clear line for what the user did wrong,
 * and returns {@code console.exitCode()}. Each of its options gets a line in {@code options.txt} of
 * the tests, which says what the option changes.
 */
package org.blip4j.tools.cli;
