"""Expected bytes of the ten augment operations; needs opencv-python-headless==4.6.0.66, numpy."""
import cv2
import numpy as np

assert cv2.__version__ == "4.6.0", cv2.__version__
GREY = (128, 128, 128)


def warp(image, matrix):
    height, width = image.shape[:2]
    return cv2.warpAffine(image, matrix, (width, height), borderValue=GREY, flags=cv2.INTER_LINEAR)


def auto_contrast(channel):
    """With the published code's error: the minimum is negated as an unsigned byte."""
    low, high = int(channel.min()), int(channel.max())
    if high <= low:
        return channel
    scale = 255 / (high - low)
    table = np.arange(256) * scale + (-low % 256) * scale
    return table.clip(0, 255).astype(np.uint8)[channel]


def equalize(channel):
    hist = np.bincount(channel.ravel(), minlength=256)
    step = hist[hist != 0][:-1].sum() // 255
    if step == 0:
        return channel
    below = np.concatenate([[step // 2], hist[:-1]])
    return (np.cumsum(below) // step).clip(0, 255).astype(np.uint8)[channel]


def sharpness(image, factor):
    kernel = np.ones((3, 3), np.float32)
    kernel[1][1] = 5
    blurred = cv2.filter2D(image, -1, kernel / 13).astype(np.float32)[1:-1, 1:-1]
    out = image.astype(np.float32)
    out[1:-1, 1:-1] = blurred + np.float32(factor) * (out[1:-1, 1:-1] - blurred)
    return out.astype(np.int32).astype(np.uint8)  # wraps, as the published code does


def brightness(image, factor):
    table = (np.arange(256, dtype=np.float32) * np.float32(factor)).clip(0, 255)
    return table.astype(np.uint8)[image]


def rotate(image, degrees):
    height, width = image.shape[:2]
    return warp(image, cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1))


def channels(function):
    return lambda image, _: np.stack([function(image[..., c]) for c in range(3)], -1)


OPERATIONS = {
    "IDENTITY": (lambda image, _: image, [0]),
    "AUTO_CONTRAST": (channels(auto_contrast), [0]),
    "BRIGHTNESS": (brightness, [1.0, 0.46, 1.72]),
    "SHARPNESS": (sharpness, [1.0, 0.46, 1.72]),
    "EQUALIZE": (channels(equalize), [0]),
    "SHEAR_X": (lambda i, v: warp(i, np.float32([[1, v, 0], [0, 1, 0]])), [0.15, -0.15, 0.27]),
    "SHEAR_Y": (lambda i, v: warp(i, np.float32([[1, 0, 0], [v, 1, 0]])), [0.15, -0.15, 0.27]),
    "TRANSLATE_X": (lambda i, v: warp(i, np.float32([[1, 0, -v], [0, 1, 0]])), [5, -5, 9]),
    "TRANSLATE_Y": (lambda i, v: warp(i, np.float32([[1, 0, 0], [0, 1, -v]])), [5, -5, 9]),
    "ROTATE": (rotate, [15, -15, 27]),
}


def main():
    pictures = {}
    for name, width, height in [("rgba.png", 30, 20), ("rgb.bmp", 23, 34)]:
        data = np.fromfile(name + ".decoded", np.uint8)
        pictures[name] = data.reshape(height, width, 3)
    low = (pictures["rgb.bmp"] // 4 + 90).astype(np.uint8)
    low[..., 2] = 77
    low.tofile("low_contrast.decoded")
    pictures["low_contrast"] = low
    # 600 pixels have too few for an equalisation step; this one has steps of 8.
    big = np.tile(pictures["rgba.png"], (2, 2, 1))
    big.tofile("tiled.decoded")
    pictures["tiled"] = big
    with open("augment.tsv", "w") as cases, open("augment.bin", "wb") as expected:
        for name, (function, values) in OPERATIONS.items():
            for value in values:
                for picture, image in pictures.items():
                    if picture == "tiled" and name != "EQUALIZE":
                        continue
                    height, width = image.shape[:2]
                    cases.write(f"{name}\t{value}\t{picture}\t{width}\t{height}\n")
                    expected.write(np.ascontiguousarray(function(image, value)).tobytes())


main()
