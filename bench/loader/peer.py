"""Fills the batches of the loader bench by a PyTorch DataLoader with one worker and mmsegmentation's transforms.

Images come from OpenCV or from Pillow (`reader`); the transforms are OpenCV's and NumPy's, on one thread. Fills batches
for each line `step N` (bench/support/program.ts).
"""

import json
import pathlib
import random
import resource
import sys
import time

import cv2
import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

IGNORE = 255
MEAN = np.array([[123.675, 116.28, 103.53]], dtype=np.float64)
DEVIATION = np.array([[58.395, 57.12, 57.375]], dtype=np.float64)


def convert(image, alpha=1.0, beta=0.0):
    return np.clip(image.astype(np.float32) * alpha + beta, 0, 255).astype(np.uint8)


def change_hsv(image, change):
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    change(hsv)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def distort(image):
    """Distorts colors as PhotoMetricDistortion of mmsegmentation 0.11 does."""
    coin = lambda: random.randint(0, 1)

    def contrast(image):
        return convert(image, alpha=random.uniform(0.5, 1.5)) if coin() else image

    def saturate(hsv):
        hsv[:, :, 1] = convert(hsv[:, :, 1], alpha=random.uniform(0.5, 1.5))

    def turn(hsv):
        hsv[:, :, 0] = (hsv[:, :, 0].astype(int) + random.randint(-18, 17)) % 180

    if coin():
        image = convert(image, beta=random.uniform(-32, 32))
    first = coin()
    if first:
        image = contrast(image)
    if coin():
        image = change_hsv(image, saturate)
    if coin():
        image = change_hsv(image, turn)
    return image if first else contrast(image)


def read(path, reader, grey):
    if reader == "pillow":
        image = np.asarray(Image.open(path))
        return image if grey else image[:, :, ::-1]
    return cv2.imread(path, cv2.IMREAD_UNCHANGED if grey else cv2.IMREAD_COLOR)


def resize(image, size, reader, nearest):
    if reader == "pillow":
        method = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR
        return np.asarray(Image.fromarray(image).resize(size, method))
    return cv2.resize(image, size, interpolation=cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR)


class Images(Dataset):
    def __init__(self, config):
        self.reader = config["reader"]
        self.crop = config["cropSize"]
        root = pathlib.Path(config["root"])
        self.images = sorted(str(path) for path in (root / "images" / "train").iterdir())
        self.labels = [path.replace("/images/train/", "/labels/train/") for path in self.images]

    def __len__(self):
        return len(self.images)

    def choose_crop(self, labels):
        height, width = self.crop

        def draw():
            top = random.randint(0, max(labels.shape[0] - height, 0))
            left = random.randint(0, max(labels.shape[1] - width, 0))
            return slice(top, top + height), slice(left, left + width)

        window = draw()
        for _ in range(10):
            values, counts = np.unique(labels[window], return_counts=True)
            counts = counts[values != IGNORE]
            if len(counts) > 1 and np.max(counts) / np.sum(counts) < 0.75:
                break
            window = draw()
        return window

    def __getitem__(self, index):
        image = read(self.images[index], self.reader, grey=False)
        labels = read(self.labels[index], self.reader, grey=True)
        ratio = random.uniform(0.5, 2.0)
        size = int(image.shape[1] * ratio), int(image.shape[0] * ratio)
        image = resize(image, size, self.reader, nearest=False)
        labels = resize(labels, size, self.reader, nearest=True)
        window = self.choose_crop(labels)
        image, labels = image[window], labels[window]
        if random.random() < 0.5:
            image, labels = cv2.flip(image, 1), cv2.flip(labels, 1)
        image = distort(image).astype(np.float32)
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB, image)
        cv2.subtract(image, MEAN, image)
        cv2.multiply(image, 1 / DEVIATION, image)
        down, right = self.crop[0] - image.shape[0], self.crop[1] - image.shape[1]
        if down > 0 or right > 0:
            image = cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_CONSTANT, value=0)
            labels = cv2.copyMakeBorder(labels, 0, down, 0, right, cv2.BORDER_CONSTANT, value=IGNORE)
        planes = np.ascontiguousarray(image.transpose(2, 0, 1))
        return torch.from_numpy(planes), torch.from_numpy(np.ascontiguousarray(labels))


class Some(torch.utils.data.Sampler):
    """Draws as many images as the next round needs, in passes over all of them."""

    def __init__(self, length):
        self.length, self.count = length, 0

    def __len__(self):
        return self.count

    def __iter__(self):
        order = []
        while len(order) < self.count:
            order += random.sample(range(self.length), self.length)
        return iter(order[: self.count])


def start_worker(_):
    cv2.setNumThreads(0)
    torch.set_num_threads(1)


def main(config):
    random.seed(config["seed"])
    dataset = Images(config)
    sampler = Some(len(dataset))
    loader = DataLoader(dataset, batch_size=config["batchSize"], sampler=sampler, num_workers=1,
                        persistent_workers=True, worker_init_fn=start_worker)
    versions = {"torch": torch.__version__, "opencv": cv2.__version__, "numpy": np.__version__,
                "pillow": Image.__version__}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        sampler.count = int(line.split()[1]) * config["batchSize"]
        began = time.perf_counter()
        for images, labels in loader:
            assert images.shape[2:] == labels.shape[1:] == tuple(config["cropSize"])
        seconds = time.perf_counter() - began
        usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        print(json.dumps({"secondsAnImage": seconds / sampler.count, "peakMiB": sum(usage) / 1024}), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
