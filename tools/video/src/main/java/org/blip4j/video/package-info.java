/** Frames of video files, by FFmpeg; part of a build with the profile {@code video} alone. */
package org.blip4j.video;
