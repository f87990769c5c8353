"""Writes pillow-polygons.json: polygons as Pillow paints them, in the way of Cityscapes' json2labelImg.

    python3 pillow-polygons.py   (Debian's python3-pil; made with Pillow 9.4.0)
"""
import json
import math
import os
import random

import PIL
from PIL import Image, ImageDraw

random.seed(7)
cases = []
for number in range(40):
    width, height = random.randint(10, 32), random.randint(8, 24)
    count = random.randint(3, 9)
    points = [[random.randint(-4, width + 4), random.randint(-4, height + 4)] for _ in range(count)]
    if number % 2:  # a simple polygon; the others mostly cross themselves
        middle = [sum(point[axis] for point in points) / count for axis in (0, 1)]
        points.sort(key=lambda point: math.atan2(point[1] - middle[1], point[0] - middle[0]))
    image = Image.new("L", (width, height), 0)
    ImageDraw.Draw(image).polygon([tuple(point) for point in points], fill=1)
    pixels = "".join("#" if value else "." for value in image.getdata())
    rows = [pixels[start : start + width] for start in range(0, width * height, width)]
    cases.append({"polygon": points, "rows": rows})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pillow-polygons.json")
with open(path, "w") as file:
    file.write('{ "pillow": "%s", "cases": [\n' % PIL.__version__)
    file.write(",\n".join("  " + json.dumps(case, separators=(",", ":")) for case in cases))
    file.write("\n] }\n")
