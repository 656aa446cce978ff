/**
 * Readers of what others distribute: folders of images with CSV, JSON, JSON Lines or COCO captions.
 */
package org.blip4j.data.dataset;
