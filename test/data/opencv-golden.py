"""Writes opencv-golden.json: what OpenCV and the formulas of mmsegmentation 0.11's PhotoMetricDistortion give.

    pip install opencv-python-headless numpy && python3 opencv-golden.py   (made with OpenCV 4.14.0, NumPy 2.4;
    "wideChanges" with OpenCV 5.0.0, which gives the same values for all else)
"""
import base64
import json
import os

import cv2
import numpy as np


def pattern(height, width):
    """An image that any language can make: uint8 [height, width, 3]."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * 37 + y * 91 + c * 53 + x * y * 7 + (x * x * 3) // 2) % 256).astype(np.uint8)


def colours():
    """A grid over the colour cube with its corners, [n, 1, 3] RGB."""
    levels = np.array([0, 1, 17, 64, 99, 128, 180, 200, 254, 255])
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 1, 3).astype(np.uint8)


def convert(image, alpha=1, beta=0):
    return np.clip(image.astype(np.float32) * alpha + beta, 0, 255).astype(np.uint8)


def hsv(image, saturation=None, hue=None):
    result = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    if saturation is not None:
        result[:, :, 1] = convert(result[:, :, 1], alpha=saturation)
    if hue is not None:
        result[:, :, 0] = (result[:, :, 0].astype(int) + hue) % 180
    return cv2.cvtColor(result, cv2.COLOR_HSV2RGB)


def encode(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


resizes = []
for source, scaled in [
    ((13, 9), (20, 14)), ((13, 9), (7, 5)), ((14, 10), (7, 5)), ((13, 9), (26, 18)), ((13, 9), (13, 9)),
    ((24, 18), (17, 13)), ((5, 1), (9, 3)), ((24, 18), (45, 34)), ((1, 4), (3, 9)),
]:
    image = pattern(source[1], source[0])
    resizes.append({
        "source": source, "scaled": scaled,
        "linear": encode(cv2.resize(image, scaled, interpolation=cv2.INTER_LINEAR)),
        "nearest": encode(cv2.resize(image[:, :, 0], scaled, interpolation=cv2.INTER_NEAREST)),
    })
tables = [
    {"factor": a, "offset": b, "values": encode(convert(np.arange(256, dtype=np.uint8), a, b))}
    for a, b in [(1, 17.3), (1, -31.99), (0.5, 0), (1.4973, 0), (0.8271, 0)]
]
colour_changes = [
    {"saturation": s, "hue": h, "values": encode(hsv(colours(), s, h))}
    for s, h in [(1.37, None), (0.55, None), (None, 17), (None, -18), (None, 1)]
]
# One row of all colors: from 16 or 32 pixels on OpenCV converts HSV to RGB with vector instructions, which cut fractions
# off where its code for single pixels rounds.
wide_changes = [
    {"saturation": s, "hue": h, "values": encode(hsv(colours().reshape(1, -1, 3), s, h))}
    for s, h in [(1.37, None), (None, 17)]
]
golden = {"resizes": resizes, "tables": tables, "colourChanges": colour_changes, "wideChanges": wide_changes}
with open(os.path.join(os.path.dirname(__file__), "opencv-golden.json"), "w") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
