"""Draws the pictures of this folder and makes their expected bytes; needs pillow==9.5.0, numpy."""
import struct
import zlib

import numpy as np
import PIL
from PIL import Image

assert PIL.__version__ == "9.5.0", PIL.__version__
SIZE = 32


def scene(width, height, seed):
    """A gradient, stripes, a disc and some noise: smooth and sharp parts."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    red = x * 255 / max(1, width - 1)
    green = y * 255 / max(1, height - 1)
    blue = 128 + 127 * np.sin(x / 1.7 + y / 3.1)
    picture = np.stack([red, green, blue], -1)
    disc = (x - width / 2) ** 2 + (y - height / 3) ** 2 < (min(width, height) / 4) ** 2
    picture[disc] = [250, 240, 10]
    picture += rng.normal(0, 9, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def png16(path, width, height):
    """Pillow writes no 16-bit RGB: chunk by chunk."""
    rng = np.random.default_rng(16)
    values = rng.integers(0, 65536, (height, width, 3)).astype(">u2")
    rows = b"".join(b"\0" + values[r].tobytes() for r in range(height))

    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        out.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    base = scene(75, 52, 1)
    base.save("baseline.jpg", quality=88)
    base.save("progressive.jpg", quality=75, progressive=True)
    scene(26, 81, 2).save("tall444.jpg", quality=92, subsampling=0)
    scene(90, 33, 3).convert("L").save("grey.jpg", quality=85)
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(40, 24, 4).save("exif6.jpg", quality=90, exif=exif)
    scene(61, 47, 5).save("rgb.png")
    scene(7, 13, 6).save("tiny.png")
    scene(1, 1, 7).save("onepixel.png")
    scene(32, 45, 8).save("samewidth.png")
    alpha = np.linspace(0, 255, 30 * 20).reshape(20, 30).astype(np.uint8)
    rgba = np.dstack([np.asarray(scene(30, 20, 9)), alpha])
    Image.fromarray(rgba, "RGBA").save("rgba.png")
    Image.fromarray(rgba, "RGBA").convert("LA").save("grey_alpha.png")
    palette = scene(44, 30, 10).quantize(16)
    palette.save("palette.png")
    palette.save("palette_transparent.png", transparency=3)
    scene(29, 31, 11).convert("1").save("bilevel.png")
    png16("rgb16.png", 17, 11)
    first = scene(36, 25, 12).quantize(32)
    first.save("animated.gif", save_all=True, append_images=[scene(36, 25, 13).quantize(32)])
    scene(23, 34, 14).save("rgb.bmp")

    names = ["baseline.jpg", "progressive.jpg", "tall444.jpg", "grey.jpg", "exif6.jpg", "rgb.png",
             "tiny.png", "onepixel.png", "samewidth.png", "rgba.png", "grey_alpha.png",
             "palette.png", "palette_transparent.png", "bilevel.png", "rgb16.png",
             "animated.gif", "rgb.bmp"]
    with open("cases.tsv", "w") as cases:
        for name in names:
            picture = Image.open(name).convert("RGB")
            with open(name + ".decoded", "wb") as out:
                out.write(picture.tobytes())
            # Two calls fix the order of the passes for every Pillow.
            resized = picture.resize((SIZE, picture.height), Image.BICUBIC)
            resized = resized.resize((SIZE, SIZE), Image.BICUBIC)
            with open(name + ".resized", "wb") as out:
                out.write(resized.tobytes())
            cases.write(f"{name}\t{picture.width}\t{picture.height}\n")


main()
