/** What tests of models need in this module and above. */
package org.blip4j.savedmodel.testing;
