"""Draws a small picture of each kind of file and what Pillow shows, all in kinds.zip; needs
pillow==9.5.0, numpy."""
import io
import os
import struct
import tempfile
import zipfile
import zlib

import numpy as np
import PIL
from PIL import Image

assert PIL.__version__ == "9.5.0", PIL.__version__
WIDTH, HEIGHT = 13, 9
rng = np.random.default_rng(14)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
RGB = np.stack([x * 19, y * 28, 255 - x * 9 - y * 11], -1).astype(np.uint8)
PALETTE = [(int(r), int(g), int(b)) for r, g, b in rng.integers(0, 256, (256, 3))]


def bmp(name, bits, lines, header=40, palette=(), masks=(), compression=0, down=False):
    """A BMP file by hand: lines are arrays of packed bytes, the upper one first."""
    stride = (WIDTH * bits + 31) // 32 * 4
    rows = [bytes(line).ljust(stride, b"\0") for line in lines]
    data = b"".join(rows if down else rows[::-1])
    if header == 12:
        info = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits)
        colours = b"".join(bytes([b, g, r]) for r, g, b in palette)
    else:
        info = struct.pack("<IiiHHIIiiII", header, WIDTH, -HEIGHT if down else HEIGHT, 1, bits,
                           compression, len(data), 2835, 2835, len(palette), 0)
        info += b"".join(struct.pack("<I", mask) for mask in masks)
        info = info.ljust(header, b"\0")
        colours = b"".join(bytes([b, g, r, 0]) for r, g, b in palette)
    start = 14 + len(info) + len(colours)
    with open(name, "wb") as out:
        out.write(b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start))
        out.write(info + colours + data)


def packed(indices, bits):
    """Indices of a line in bytes, the left one in the upper bits."""
    unpacked = (np.asarray(indices)[:, None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(unpacked.reshape(-1)).tobytes()


def all_bmp():
    for bits in (1, 4, 8):
        indices = rng.integers(0, 1 << bits, (HEIGHT, WIDTH))
        colours = PALETTE[: 1 << bits]
        lines = [packed(line, bits) for line in indices]
        bmp(f"bmp{bits}.bmp", bits, lines, palette=colours)
        bmp(f"bmp{bits}_os2.bmp", bits, lines, header=12, palette=colours)
    bmp("bmp8_down.bmp", 8, [packed(line, 8) for line in indices], palette=PALETTE, down=True)
    few = indices % 5
    bmp("bmp8_few_v5.bmp", 8, [packed(line, 8) for line in few], header=124, palette=PALETTE[:5])
    grey = [(i, i, i) for i in range(256)]
    bmp("bmp8_grey.bmp", 8, [packed(line, 8) for line in indices], palette=grey)
    wide = RGB.astype(int)
    five = (wide >> 3) @ [1 << 10, 1 << 5, 1]
    six = (wide >> 3)[..., 0] << 11 | (wide >> 2)[..., 1] << 5 | (wide >> 3)[..., 2]
    bmp("bmp16.bmp", 16, five.astype("<u2"))
    bmp("bmp16_555.bmp", 16, five.astype("<u2"), masks=(0x7C00, 0x3E0, 0x1F), compression=3)
    bmp("bmp16_565.bmp", 16, six.astype("<u2"), masks=(0xF800, 0x7E0, 0x1F), compression=3)
    bgr = RGB[..., ::-1]
    extra = rng.integers(0, 256, (HEIGHT, WIDTH, 1)).astype(np.uint8)
    bmp("bmp24.bmp", 24, [line.tobytes() for line in bgr])
    bmp("bmp24_os2.bmp", 24, [line.tobytes() for line in bgr], header=12)
    bmp("bmp24_down.bmp", 24, [line.tobytes() for line in bgr], down=True)
    bmp("bmp32.bmp", 32, [line.tobytes() for line in np.dstack([bgr, extra])])
    bmp("bmp32_rgba_v4.bmp", 32, [line.tobytes() for line in np.dstack([RGB, extra])], header=108,
        masks=(0xFF, 0xFF00, 0xFF0000, 0xFF000000), compression=3)
    bmp("bmp32_xbgr.bmp", 32, [line.tobytes() for line in np.dstack([extra, bgr])], header=124,
        masks=(0xFF000000, 0xFF0000, 0xFF00, 0), compression=3)


def gif(name, frames, screen=(WIDTH, HEIGHT), table=PALETTE[:8], before=b"", background=0):
    """A GIF file by hand; frames are (indices, left, top, transparent, own palette)."""
    out = io.BytesIO()
    out.write(b"GIF89a" + struct.pack("<HHBBB", *screen, 0x82 if table else 0, background, 0))
    for colour in table:
        out.write(bytes(colour))
    out.write(before)
    for indices, left, top, transparent, own in frames:
        single = io.BytesIO()
        picture = Image.fromarray(indices.astype(np.uint8), "P")
        picture.putpalette(sum(([i, 0, i] for i in range(8)), []))
        picture.save(single, "gif", interlace=0)
        raw = single.getvalue()
        start = raw.index(b",", 13 + 3 * 8)
        if transparent is not None:
            out.write(b"!\xf9\x04" + bytes([5, 10, 0, transparent, 0]))
        height, width = indices.shape
        out.write(b"," + struct.pack("<HHHH", left, top, width, height) + bytes([0x82 if own else 0]))
        for colour in own or ():
            out.write(bytes(colour))
        out.write(raw[start + 10 : -1])
    out.write(b";")
    with open(name, "wb") as file:
        file.write(out.getvalue())


def all_gif():
    whole = rng.integers(0, 8, (HEIGHT, WIDTH))
    part = rng.integers(0, 8, (4, 5))
    own = PALETTE[20:28]
    loop = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    comment = b"!\xfe\x0a" + b"ten bytes!" + b"\x05" + b"five!" + b"\0"
    gif("gif.gif", [(whole, 0, 0, None, None)])
    gif("gif_transparent.gif", [(whole, 0, 0, 3, None)])
    gif("gif_own_palette.gif", [(whole, 0, 0, 6, own)])
    gif("gif_no_table.gif", [(whole, 0, 0, 2, own)], table=())
    gif("gif_comments.gif", [(whole, 0, 0, 5, None)], before=loop + comment)
    gif("gif_part.gif", [(part, 6, 2, None, None)], background=4)
    gif("gif_part_transparent.gif", [(part, 6, 2, 1, own)])
    gif("gif_beyond.gif", [(part, 10, 7, 1, None)])
    gif("gif_animated.gif", [(part, 1, 2, 4, None), (whole, 0, 0, 3, own)], before=loop)
    gif("gif_animated_whole.gif", [(whole, 0, 0, 4, None), (part, 3, 3, 3, own)], before=loop)


def png(name, kind, bits, rows, chunks=b""):
    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, kind, 0, 0, 0)
    data = b"".join(b"\0" + bytes(row) for row in rows)
    with open(name, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        if chunks:
            out.write(chunk(*chunks))
        out.write(chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def all_png():
    dark = rng.integers(0, 400, (HEIGHT, WIDTH))
    deep = rng.integers(0, 65536, (HEIGHT, WIDTH, 4))
    png("png_grey16.png", 0, 16, dark.astype(">u2"))
    png("png_grey16_alpha.png", 4, 16, deep[..., :2].astype(">u2"))
    png("png_rgb16.png", 2, 16, deep[..., :3].astype(">u2"))
    png("png_rgba16.png", 6, 16, deep.astype(">u2"))
    for bits in (1, 2, 4):
        png(f"png_grey{bits}.png", 0, bits, [packed(line % (1 << bits), bits) for line in dark])
    png("png_grey_transparent.png", 0, 8, (dark % 256).astype(np.uint8), (b"tRNS", b"\0\x07"))
    colours = b"".join(bytes(colour) for colour in PALETTE[:4])
    png("png_palette2.png", 3, 2, [packed(line % 4, 2) for line in dark], (b"PLTE", colours))


def all_jpeg():
    plain = Image.fromarray(RGB)
    inks = Image.fromarray(np.dstack([RGB, 255 - RGB[..., :1]]), "CMYK")
    flat = Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 0, 0))
    flat.save("jpeg_cmyk.jpg", quality=95)
    marked = open("jpeg_cmyk.jpg", "rb").read()
    start = marked.index(b"\xff\xee")
    bare = marked[:start] + marked[start + 16 :]
    open("jpeg_cmyk_bare.jpg", "wb").write(bare)
    inks.save("jpeg_inks.jpg", quality=95)
    marked = open("jpeg_inks.jpg", "rb").read()
    start = marked.index(b"\xff\xee")
    open("jpeg_inks_bare.jpg", "wb").write(marked[:start] + marked[start + 16 :])
    ycck = bytearray(marked)
    ycck[start + 15] = 2
    open("jpeg_ycck.jpg", "wb").write(ycck)
    rgb = io.BytesIO()
    plain.save(rgb, "jpeg", quality=95, subsampling=0)
    adobe = b"\xff\xee\0\x0eAdobe\0d\0\0\0\0\0"
    raw = rgb.getvalue()
    open("jpeg_rgb.jpg", "wb").write(raw[:2] + adobe + raw[2 + 18 :])
    plain.convert("L").save("jpeg_grey.jpg", quality=90)


def main():
    folder = os.getcwd()
    with tempfile.TemporaryDirectory() as work, zipfile.ZipFile("kinds.zip", "w") as out:
        os.chdir(work)
        all_bmp()
        all_gif()
        all_png()
        all_jpeg()
        for name in sorted(os.listdir(".")):
            Image.open(name).convert("RGB").save("truth.png")
            for entry, file in ((name, name), (name + ".truth.png", "truth.png")):
                with open(file, "rb") as data:
                    out.writestr(zipfile.ZipInfo(entry), data.read(), zipfile.ZIP_DEFLATED)
        os.chdir(folder)


main()
