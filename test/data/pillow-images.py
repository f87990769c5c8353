"""Writes small image files of many formats, and the pixels that Pillow and NumPy read from them, to pillow-images.json.

    /usr/bin/python3 test/data/pillow-images.py > test/data/pillow-images.json

Needs Pillow and NumPy. Pillow cannot write every form of BMP, so those are put together here byte by byte, and read by it.
"""

import base64
import io
import json
import struct

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 7, 5
rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
colors = np.stack([columns * 36, rows * 60, (columns + rows) * 20], -1).astype(np.uint8)
rgb = Image.fromarray(colors)
rgba = rgb.convert("RGBA")
rgba.putalpha(Image.fromarray((columns * 40).astype(np.uint8)))
cases = {}


def add(name, content, pixels=None, exact=True):
    """Pixels are RGB as Pillow reads them unless given: a list of numbers with any number of channels."""
    if pixels is None:
        pixels = np.array(Image.open(io.BytesIO(content)).convert("RGB"))
    height, width = pixels.shape[:2]
    cases[name] = {
        "file": base64.b64encode(content).decode(),
        "width": width,
        "height": height,
        "pixels": pixels.reshape(-1).tolist(),
        "exact": exact,
    }


def saved(image, form, **options):
    target = io.BytesIO()
    image.save(target, format=form, **options)
    return target.getvalue()


def bmp(bits, size, data, palette=b"", compression=0, top_down=False, masks=b""):
    width, height = size
    offset = 54 + len(masks) + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, width, -height if top_down else height, 1, bits, compression, len(data), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + header + masks + palette + data


palette16 = b"".join(bytes([i * 10, i * 5, i * 15, 0]) for i in range(16))
palette256 = b"".join(bytes([i, 255 - i, i // 2, 0]) for i in range(256))

add("rgb.bmp", saved(rgb, "BMP"))
add("gray.bmp", saved(rgb.convert("L"), "BMP"))
add("palette.bmp", saved(rgb.convert("P", palette=Image.ADAPTIVE, colors=30), "BMP"))
add("bits.bmp", saved(rgb.convert("1"), "BMP"))
add("4-bit.bmp", bmp(4, (5, 2), bytes([0x12, 0x34, 0x50, 0, 0xFE, 0xDC, 0xB0, 0]), palette16))
add("555.bmp", bmp(16, (4, 2), struct.pack("<8H", 31 << 10, 31 << 5, 31, 0x7FFF, 0, 1, 2, 0x1234)))
masks565 = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
add("565.bmp", bmp(16, (4, 2), struct.pack("<8H", 31 << 11, 63 << 5, 31, 0xFFFF, 0, 1, 2, 0x1234), compression=3, masks=masks565))
add("32-bit.bmp", bmp(32, (2, 2), bytes([1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 10, 11, 12, 0])))
add("top-down.bmp", bmp(24, (2, 2), bytes([1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0]), top_down=True))
add("runs-8.bmp", bmp(8, (6, 2), bytes([3, 7, 3, 9, 0, 0, 0, 4, 1, 2, 3, 4, 2, 5, 0, 0, 0, 1]), palette256, compression=1))
add("runs-4.bmp", bmp(4, (6, 2), bytes([6, 0x12, 0, 0, 4, 0x34, 2, 0x55, 0, 0, 0, 1]), palette16, compression=2))
core = struct.pack("<IHHHH", 12, 2, 2, 1, 24)
add("os2.bmp", b"BM" + struct.pack("<IHHI", 42, 0, 0, 26) + core + bytes([1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0]))

for name, compression in (("raw", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits")):
    add(f"{name}.tif", saved(rgb, "TIFF", compression=compression))
add("group4.tif", saved(rgb.convert("1"), "TIFF", compression="group4"))
add("palette.tif", saved(rgb.convert("P", palette=Image.ADAPTIVE, colors=30), "TIFF"))
add("pages.tif", saved(rgb, "TIFF", save_all=True, append_images=[rgb.rotate(180)]))
add("rgb.gif", saved(rgb.convert("P", palette=Image.ADAPTIVE, colors=255), "GIF"))
frames = [rgb.convert("P", palette=Image.ADAPTIVE, colors=255), rgb.rotate(180).convert("P", palette=Image.ADAPTIVE, colors=255)]
add("frames.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
add("photo.jfif", saved(rgb, "JPEG", quality=95, subsampling=0), exact=False)
add("progressive.jpe", saved(rgb, "JPEG", quality=95, subsampling=0, progressive=True), exact=False)
add("lossless.webp", saved(rgb, "WEBP", lossless=True))
add("bits.png", saved(rgb.convert("1"), "PNG"))
add("gray-alpha.png", saved(rgb.convert("LA"), "PNG"), np.array(rgb.convert("L").convert("RGB")))
# A transparent color keeps its red, green and blue.
add("transparent-color.png", saved(rgb.quantize(30), "PNG", transparency=2), np.array(rgb.quantize(30).convert("RGB")))
add("rgba.png", saved(rgba, "PNG"), np.array(rgba)[..., :3])
add("rgba-4", saved(rgba, "PNG"), np.array(rgba))
add("rgba-4.tif", saved(rgba, "TIFF"), np.array(rgba))

print(json.dumps(cases, indent=None, separators=(",", ":")).replace('},"', '},\n"'))
