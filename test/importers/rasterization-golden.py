"""Writes rasterization-golden.json: random polygons, and what Pillow 9.4, OpenCV 4.6 and pycocotools 2.0.11 make of them.

PYTHONPATH=FOLDER_OF_PYCOCOTOOLS /usr/bin/python3 test/importers/rasterization-golden.py

The coordinates count from the corner of the upper left pixel, as those of pycocotools do. OpenCV counts from its center, so
it is given coordinates that are smaller by one half. Pillow cuts fractions off, which names the pixel that a corner is in.
Masks are COCO's compressed run lengths.
"""

import json
import pathlib

import cv2
import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask

random = np.random.default_rng(13)
width, height = 48, 36


def star(count, center, radii, turns=1):
    """Returns a polygon around a center; with two turns it crosses itself."""
    angles = np.sort(random.random(count)) * 2 * np.pi * turns
    radius = random.uniform(*radii, count)
    points = np.stack([center[0] + radius * np.cos(angles), center[1] + radius * np.sin(angles)], 1)
    return np.round(points, 2)


def scattered(count, low, high):
    """Returns corners in any order, so that edges cross."""
    return np.round(random.uniform(low, high, (count, 2)), 2)


cases = []
for _ in range(8):
    cases.append(("plain", [star(random.integers(3, 12), (24, 18), (4, 17))]))
for _ in range(8):
    cases.append(("crossing", [scattered(random.integers(4, 9), (2, 2), (46, 34))]))
for _ in range(6):
    cases.append(("hole", [star(9, (24, 18), (12, 17)), star(7, (24, 18), (3, 8))]))
for _ in range(6):
    start, along = random.uniform((4, 4), (40, 30)), random.uniform(-30, 30, 2)
    side = np.array([-along[1], along[0]]) / np.hypot(*along) * random.uniform(0.2, 1.2)
    cases.append(("thin", [np.round(np.stack([start, start + along, start + along + side, start + side]), 2)]))
for _ in range(6):
    cases.append(("outside", [star(8, random.uniform((-5, -5), (53, 41)), (10, 25))]))
for _ in range(4):
    cases.append(("whole", [np.round(star(6, (24, 18), (6, 17)))]))


def pillow(rings):
    """The even-odd rule over rings, as Pillow draws one at a time."""
    result = np.zeros((height, width), np.uint8)
    for ring in rings:
        image = Image.new("L", (width, height))
        ImageDraw.Draw(image).polygon([tuple(point) for point in ring], fill=1)
        result ^= np.asarray(image)
    return result


def opencv(rings):
    image = np.zeros((height, width), np.uint8)
    bits = 8
    contours = [np.round((ring - 0.5) * 2**bits).astype(np.int32) for ring in rings]
    return cv2.fillPoly(image, contours, 1, shift=bits)


def coco(rings):
    """The even-odd rule over rings, as COCO's polygons have no holes."""
    masks = [mask.decode(mask.frPyObjects([ring.ravel().tolist()], height, width))[:, :, 0] for ring in rings]
    return np.bitwise_xor.reduce(masks)


def runs(pixels):
    return mask.encode(np.asfortranarray(pixels.astype(np.uint8)))["counts"].decode()


result = {
    "width": width,
    "height": height,
    "cases": [
        {
            "kind": kind,
            "rings": [ring.ravel().tolist() for ring in rings],
            "pillow": runs(pillow(rings)),
            "opencv": runs(opencv(rings)),
            "coco": runs(coco(rings)),
        }
        for kind, rings in cases
    ],
}
text = json.dumps(result, separators=(",", ":")).replace('{"kind"', '\n{"kind"')
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
