/** Models from one form into another: any that can be run, into a folder or published weights. */
package org.blip4j.savedmodel.convert;
