"""Draws pictures that TensorFlow has no kernel for and what Pillow shows, all in other_kinds.zip; needs
pillow==9.5.0, numpy."""
import os
import struct
import tempfile
import zipfile

import numpy as np
import PIL
from PIL import Image

assert PIL.__version__ == "9.5.0", PIL.__version__
WIDTH, HEIGHT = 21, 14
rng = np.random.default_rng(18)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
RGB = np.stack([x * 12, y * 18, 255 - x * 5 - y * 7], -1).astype(np.uint8)
ALPHA = (x * 12).astype(np.uint8)[..., None]


def all_webp():
    picture = Image.fromarray(RGB)
    clear = Image.fromarray(np.dstack([RGB, ALPHA]), "RGBA")
    picture.save("lossy.webp", quality=80)
    picture.save("lossless.webp", lossless=True)
    clear.save("lossy_alpha.webp", quality=80)
    clear.save("lossless_alpha.webp", lossless=True, exact=True)
    second = Image.fromarray(255 - RGB)
    picture.save("animated.webp", save_all=True, append_images=[second], lossless=True)
    # The first picture of the animation is a part of the canvas.
    part = Image.fromarray(RGB[:6, :8])
    part.save("part.webp", lossless=True)
    chunk = open("part.webp", "rb").read()[12:]
    os.remove("part.webp")
    frame = (struct.pack("<I", 4)[:3] + struct.pack("<I", 2)[:3] + struct.pack("<I", 7)[:3]
             + struct.pack("<I", 5)[:3] + struct.pack("<I", 100)[:3] + b"\2" + chunk)
    canvas = b"\2\0\0\0" + struct.pack("<I", WIDTH - 1)[:3] + struct.pack("<I", HEIGHT - 1)[:3]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + canvas
    body += b"ANIM" + struct.pack("<I", 6) + b"\xff\xff\xff\xff\0\0"
    for _ in range(2):
        body += b"ANMF" + struct.pack("<I", len(frame)) + frame
    open("animated_part.webp", "wb").write(b"RIFF" + struct.pack("<I", len(body)) + body)


def all_tiff():
    picture = Image.fromarray(RGB)
    picture.save("rgb.tif")
    picture.save("rgb_lzw.tif", compression="tiff_lzw")
    picture.save("rgb_deflate.tif", compression="tiff_adobe_deflate")
    picture.save("rgb_packbits.tif", compression="packbits")
    picture.convert("L").save("grey.tif")
    picture.convert("1").save("bilevel.tif")
    picture.convert("1").save("bilevel_g4.tif", compression="group4")
    picture.quantize(16).save("palette.tif")
    Image.fromarray(np.dstack([RGB, ALPHA]), "RGBA").save("rgba.tif")
    Image.fromarray(np.dstack([RGB, ALPHA]), "RGBA").convert("LA").save("grey_alpha.tif")
    Image.fromarray(np.dstack([RGB, ALPHA // 3]), "CMYK").save("cmyk.tif")
    Image.fromarray((x * y * 2).astype(np.uint16)).save("grey16.tif")


def rle(name, indices, colours):
    """An 8-bit BMP with run lengths."""
    data = b""
    for line in indices[::-1]:
        for value in line:
            data += bytes([1, value])
        data += b"\0\0"
    data += b"\0\1"
    table = b"".join(bytes([b, g, r, 0]) for r, g, b in colours)
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, len(data), 0, 0, len(colours), 0)
    start = 14 + len(header) + len(table)
    with open(name, "wb") as out:
        out.write(b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start))
        out.write(header + table + data)


def main():
    folder = os.getcwd()
    with tempfile.TemporaryDirectory() as work, zipfile.ZipFile("other_kinds.zip", "w") as out:
        os.chdir(work)
        all_webp()
        all_tiff()
        colours = [tuple(int(v) for v in c) for c in rng.integers(0, 256, (9, 3))]
        rle("rle8.bmp", rng.integers(0, 9, (HEIGHT, WIDTH)), colours)
        for name in sorted(os.listdir(".")):
            Image.open(name).convert("RGB").save("truth.png")
            for entry, file in ((name, name), (name + ".truth.png", "truth.png")):
                with open(file, "rb") as data:
                    out.writestr(zipfile.ZipInfo(entry), data.read(), zipfile.ZIP_DEFLATED)
        os.chdir(folder)


main()
