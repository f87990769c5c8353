"""Writes a mask as Supervisely's SDK stores it in an annotation: a palette PNG of one bit whose first color is transparent,
compressed by zlib, in base64. It needs Pillow and NumPy.

    /usr/bin/python3 test/importers/files/supervisely/bitmap-golden.py > test/importers/files/supervisely/bitmap-golden.json
"""

import base64
import io
import json
import zlib

import numpy as np
from PIL import Image

rows = [".##..", "#..#.", "####.", "....#"]
mask = np.array([[character == "#" for character in row] for row in rows])


def packed(image: Image.Image, **options: object) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", **options)
    return base64.b64encode(zlib.compress(buffer.getvalue())).decode()


palette = Image.fromarray(mask.astype(np.uint8) * 255).convert("P")
palette.putdata([int(value) for value in mask.flatten()])
palette.putpalette([0, 0, 0, 255, 255, 255])
alpha = np.dstack([np.full((*mask.shape, 3), 255, np.uint8), mask.astype(np.uint8) * 255])
json.dump(
    {
        "rows": rows,
        "palette": packed(palette, transparency=0, optimize=0),
        "gray": packed(Image.fromarray(mask.astype(np.uint8) * 255)),
        "bit": packed(Image.fromarray(mask)),
        "alpha": packed(Image.fromarray(alpha, "RGBA")),
    },
    __import__("sys").stdout,
    indent=1,
)
print()
