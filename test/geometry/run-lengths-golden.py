"""Writes run-lengths-golden.json with pycocotools (2.0.11): masks as rows of 0 and 1, and their compressed run lengths."""

import json
import pathlib

import numpy as np
from pycocotools import mask

random = np.random.default_rng(0)
masks = []
for height, width, share in [(1, 1, 0), (1, 1, 1), (3, 4, 1), (3, 4, 0), (5, 7, 0.5), (9, 4, 0.2), (40, 30, 0.03)]:
    pixels = (random.random((height, width)) < share).astype(np.uint8)
    counts = mask.encode(np.asfortranarray(pixels))["counts"].decode()
    masks.append({"rows": ["".join(map(str, row)) for row in pixels.tolist()], "counts": counts})
y, x = np.mgrid[:300, :400]
disk = ((x - 210) ** 2 + (y - 140) ** 2 < 100**2).astype(np.uint8)
result = {"masks": masks, "disk": mask.encode(np.asfortranarray(disk))["counts"].decode()}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
