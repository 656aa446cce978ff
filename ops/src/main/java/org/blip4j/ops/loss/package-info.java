/** Cross-entropy in the forms that vision-language training needs. */
package org.blip4j.ops.loss;
