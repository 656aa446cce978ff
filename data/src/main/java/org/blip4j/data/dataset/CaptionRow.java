package org.blip4j.data.dataset;

import java.util.List;
import org.blip4j.data.sample.Columns;

/**
 * What a caption file says about one image.
 *
 * @param image its file as named there
 * @param place where it stands, for messages: {@code captions.csv line 7}
 * @param columns everything else that it says
 */
public record CaptionRow(String image, List<String> texts, Columns columns, String place) {}
