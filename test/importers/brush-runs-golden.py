"""Writes brush-runs-golden.json: a disk and noise as Label Studio's brush stores them, packed by this program.

/usr/bin/python3 test/importers/brush-runs-golden.py

The form (https://github.com/thi-ng/umbrella/tree/develop/packages/rle-pack): 32 bits with the number of values, 5 bits with
the length of a value less one, 4 times 4 bits with the lengths of counts less one. Then chunks: one bit that says whether a
value is repeated, two bits that choose the length of the count, the count less one, and the value or values.
"""

import json
import pathlib

import numpy as np

sizes = [3, 4, 8, 16]


def bits_of(value, length):
    return format(value, f"0{length}b")


def count_bits(count):
    choice = next(index for index, size in enumerate(sizes) if count - 1 < 2**size)
    return bits_of(choice, 2) + bits_of(count - 1, sizes[choice])


def pack(values):
    text = bits_of(len(values), 32) + bits_of(7, 5) + "".join(bits_of(size - 1, 4) for size in sizes)
    ends = np.flatnonzero(np.diff(values)) + 1
    single = []

    def flush():
        nonlocal text
        if single:
            text += "0" + count_bits(len(single)) + "".join(bits_of(value, 8) for value in single)
            single.clear()

    for run in np.split(values, ends):
        if len(run) == 1:
            single.append(int(run[0]))
            if len(single) == 2**16:
                flush()
            continue
        flush()
        left = len(run)
        while left > 0:
            count = min(left, 2**16)
            text += "1" + count_bits(count) + bits_of(int(run[0]), 8)
            left -= count
    flush()
    text += "0" * (-len(text) % 8)
    return [int(text[place : place + 8], 2) for place in range(0, len(text), 8)]


def brush(alpha):
    """An RGBA image in the color of the label where the brush was, and nothing elsewhere."""
    color = (alpha > 0)[..., None] * np.array([143, 240, 164])
    return pack(np.concatenate([color, alpha[..., None]], -1).astype(np.uint8).ravel())


y, x = np.mgrid[:20, :30] + 0.5
distance = np.hypot(x - 14, y - 9)
soft = np.clip(7 - distance, 0, 1) * 255
noise = (np.random.default_rng(1).random((6, 9)) < 0.5) * 255
# White all over, so that runs are longer than the longest count.
full = {"height": 150, "width": 200, "rle": pack(np.full(150 * 200 * 4, 255)), "rows": None}
cases = [
    {
        "height": alpha.shape[0],
        "width": alpha.shape[1],
        "rle": brush(np.round(alpha).astype(int)),
        "rows": ["".join(map(str, row)) for row in (np.round(alpha) >= 128).astype(int).tolist()],
    }
    for alpha in (soft, noise)
] + [full]
text = json.dumps(cases, separators=(",", ":")).replace('{"height"', '\n{"height"')
pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")
