"""Reads the shards of a CapFilt output folder with tf.data by img2dataset's own feature names.

    python img2dataset_check.py OUT

Prints a line for each record; fails if a feature is missing or of another type. Needs tensorflow.
"""
import glob
import sys

import tensorflow as tf

FEATURES = {
    "key": tf.io.FixedLenFeature([], tf.string),
    "jpg": tf.io.FixedLenFeature([], tf.string),
    "txt": tf.io.FixedLenFeature([], tf.string),
    "url": tf.io.FixedLenFeature([], tf.string),
    "width": tf.io.FixedLenFeature([], tf.int64),
    "height": tf.io.FixedLenFeature([], tf.int64),
    "original_width": tf.io.FixedLenFeature([], tf.int64),
    "original_height": tf.io.FixedLenFeature([], tf.int64),
    "status": tf.io.FixedLenFeature([], tf.string),
    "captions": tf.io.VarLenFeature(tf.string),
    "source": tf.io.VarLenFeature(tf.string),
}


def main():
    files = sorted(glob.glob(sys.argv[1] + "/*.tfrecord"))
    if not files:
        sys.exit(sys.argv[1] + " has no shards")
    records = tf.data.TFRecordDataset(files).map(lambda one: tf.io.parse_single_example(one, FEATURES))
    count = 0
    for record in records:
        image = tf.io.decode_jpeg(record["jpg"])
        if image.shape[:2] != (record["height"], record["width"]):
            sys.exit("%s: the picture is %s" % (record["key"].numpy().decode(), image.shape))
        print(record["key"].numpy().decode(), image.shape, record["txt"].numpy().decode(),
              [s.decode() for s in tf.sparse.to_dense(record["source"]).numpy()], sep="\t")
        count += 1
    print(count, "records of", len(files), "shards")


if __name__ == "__main__":
    main()
