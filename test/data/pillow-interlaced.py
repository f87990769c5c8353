"""Makes interlaced PNGs of every depth and reads them with Pillow, for the test of label files.

    /usr/bin/python3 test/data/pillow-interlaced.py > test/data/pillow-interlaced.json

Needs Pillow and NumPy. Pillow stretches gray values below 8 bits to 0-255, which is undone here.
"""

import base64
import io
import json
import struct
import zlib

import numpy as np
from PIL import Image

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
FORMS = [('gray', 0, 1), ('gray', 0, 2), ('gray', 0, 4), ('gray', 0, 8), ('gray', 0, 16), ('palette', 3, 1),
         ('palette', 3, 2), ('palette', 3, 4), ('palette', 3, 8), ('rgb', 2, 8)]
generator = np.random.default_rng(7)


def chunk(kind, data):
    body = kind + data
    return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))


def packed(row, depth):
    if depth == 16:
        return row.astype('>u2').tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = ''.join(format(int(value), f'0{depth}b') for value in row)
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits), 8))


def filtered(line, above, step, kind):
    out = bytearray([kind])
    for at, value in enumerate(line):
        a = line[at - step] if at >= step else 0
        b = above[at]
        c = above[at - step] if at >= step else 0
        p = a + b - c
        paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        out.append((value - [0, a, b, (a + b) // 2, paeth][kind]) & 255)
    return bytes(out)


def interlaced(values, color, depth):
    height, width, channels = values.shape
    rows = b''
    for left, top, across, down in PASSES:
        part = values[top::down, left::across]
        if part.size == 0:
            continue
        step = max(1, depth * channels // 8)
        above = bytes(len(packed(part[0].reshape(-1), depth)))
        for row in part:
            line = packed(row.reshape(-1), depth)
            rows += filtered(line, above, step, int(generator.integers(5)))
            above = line
    file = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, depth, color, 0, 0, 1))
    if color == 3:
        file += chunk(b'PLTE', bytes(generator.integers(0, 256, 3 * 2 ** depth, dtype=np.uint8)))
    return file + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def read_by_pillow(file, depth):
    image = Image.open(io.BytesIO(file))
    values = np.asarray(image).astype(np.int64)
    return values // 85 if image.mode == 'L' and depth == 2 else values // 17 if image.mode == 'L' and depth == 4 else values


cases = []
for name, color, depth in FORMS:
    sizes = [(w, h) for w in range(1, 10) for h in range(1, 10)] if depth < 8 and color == 0 else \
        [(1, 1), (2, 3), (3, 2), (5, 5), (8, 8), (9, 7), (7, 9), (9, 9)]
    for width, height in sizes:
        most = 256 if depth == 16 else 2 ** depth
        values = generator.integers(0, most, (height, width, 3 if color == 2 else 1))
        file = interlaced(values, color, depth)
        found = read_by_pillow(file, depth).reshape(-1)
        assert (found == values.reshape(-1)).all(), (name, depth, width, height)
        cases.append({'form': f'{depth}-bit {name}', 'size': [width, height],
                      'file': base64.b64encode(file).decode(),
                      'values': base64.b64encode(found.astype(np.uint8).tobytes()).decode()})
print(json.dumps(cases, indent=0))
