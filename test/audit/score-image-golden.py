"""Numbers for score-image.test.ts: the evidence against labels by OpenCV (colors, Gaussian) and NumPy, over whole arrays. Run:
python3 test/audit/score-image-golden.py > test/audit/score-image-golden.json"""

import json

import cv2
import numpy

CLASSES, HEIGHT, WIDTH, ROWS, COLUMNS = 4, 32, 36, 8, 9


def image_and_labels(random):
    """Areas of their own color, a patch and a whole region that are labeled as another, a few pixels of a rare class, and open ones."""
    labels = numpy.zeros((HEIGHT, WIDTH), numpy.uint8)
    labels[:, 20:] = 1
    labels[20:, :] = 2
    labels[26:, 24:] = 0
    true = labels.copy()
    true[5:9, 5:9] = 1
    true[26:, 24:] = 1
    labels[23:25, 2:6] = 3
    labels[:, 18:21] = 255
    colors = numpy.array([[200, 60, 50], [60, 90, 210], [90, 180, 80], [240, 240, 40]])
    noise = random.normal(0, 12, (HEIGHT, WIDTH, 3))
    image = numpy.clip(colors[true] + noise, 0, 255).astype(numpy.uint8)
    return image, labels


def colors_of(image):
    lab = cv2.cvtColor(numpy.float32(image) / 255, cv2.COLOR_RGB2LAB)
    around = cv2.GaussianBlur(lab, (17, 17), 2, borderType=cv2.BORDER_REPLICATE)
    return numpy.float64(numpy.concatenate([lab, around], 2)).reshape(-1, 6)


def log_density(vectors, mean, covariance, share):
    centered = vectors - mean
    distance = numpy.einsum("ni,ij,nj->n", centered, numpy.linalg.inv(covariance), centered)
    return -distance / 2 - numpy.linalg.slogdet(covariance)[1] / 2 + 0.5 * numpy.log(share)


def normalized(logs):
    logs = logs - logs.max(1, keepdims=True)
    return numpy.maximum(logs - numpy.log(numpy.exp(logs).sum(1, keepdims=True)), -16)


def color_evidence(image, labels, regions):
    """The logarithm of each class by color, and the same where the given class is learned without the pixel's region."""
    vectors, flat = colors_of(image), labels.reshape(-1)
    labeled = vectors[flat != 255]
    vectors = (vectors - labeled.mean(0)) / (labeled.std(0) + 1e-3)
    known = [vectors[flat == index] for index in range(CLASSES) if (flat == index).sum() >= 30]
    total = sum(len(rows) for rows in known)
    shared = sum(numpy.cov(rows.T, bias=True) * len(rows) for rows in known) / total

    def learned(chosen):
        rows = vectors[chosen]
        count = len(rows)
        if count < 30:
            covariance = numpy.cov(vectors[flat != 255].T, bias=True) + 0.01 * numpy.eye(6)
            return log_density(vectors, 0, covariance, 0.001)
        shrunk = (numpy.cov(rows.T, bias=True) * count + shared * 50) / (count + 50)
        covariance = 0.9 * shrunk + 0.1 * shared + 0.01 * numpy.eye(6)
        return log_density(vectors, rows.mean(0), covariance, count / total)

    logs = numpy.stack([learned(flat == index) for index in range(CLASSES)], 1)
    own, others = normalized(logs), normalized(logs)
    for region in range(regions.max() + 1):
        inside = regions.reshape(-1) == region
        given = flat[inside][0]
        without = logs.copy()
        without[:, given] = learned((flat == given) & ~inside)
        others[inside] = normalized(without)[inside]
    return own, others


def at_pixels(cells):
    """Bilinear between the centers of cells, which are four pixels wide and high."""
    return cv2.resize(cells, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR).astype(numpy.float64)


def regions_of(labels):
    """The number of the connected region of each pixel, -1 without a label and in regions of fewer than 30 pixels."""
    result, found = numpy.full(labels.shape, -1), 0
    for index in range(CLASSES):
        count, parts = cv2.connectedComponents(numpy.uint8(labels == index), connectivity=8)
        for part in range(1, count):
            if (parts == part).sum() >= 30:
                result[parts == part] = found
                found += 1
    return result


def score(image, labels, in_sample, out_of_fold):
    seen, unseen = (at_pixels(cells).reshape(-1, CLASSES) for cells in (in_sample, out_of_fold))
    logs, fold_logs = (numpy.log(numpy.maximum(values, 1e-6)) for values in (seen, unseen))
    regions = regions_of(labels)
    own, others = color_evidence(image, labels, regions)
    given = numpy.where(labels == 255, 0, labels).reshape(-1).astype(int)
    pixels = numpy.arange(len(given))
    share, doubt = numpy.zeros(len(given)), numpy.zeros(len(given))
    for region in range(regions.max() + 1):
        inside = regions.reshape(-1) == region
        means = ((logs + fold_logs) / 2)[inside].mean(0)
        label = given[inside][0]
        margin = numpy.delete(means, label).max() - means[label]
        share[inside] = 0.15 + 0.85 / (1 + numpy.exp(-2 * (margin - 3)))
        doubt[inside] = (1 - seen[inside, label]).mean()
    colors = (1 - share)[:, None] * own + share[:, None] * others
    joint = logs + 0.3 * fold_logs + 0.5 * colors
    least = joint[pixels, given]
    joint[pixels, given] = -numpy.inf
    evidence = joint.max(1) - least - 4 * (1 - share) * doubt
    return evidence, numpy.where(evidence > 0, joint.argmax(1), given)


def likelihoods_of(random, labels):
    cells = numpy.clip(cv2.resize(labels, (COLUMNS, ROWS), interpolation=cv2.INTER_NEAREST), 0, 3)
    cells[6:, 6:] = 1
    logits = random.normal(0, 1, (ROWS, COLUMNS, CLASSES)) + 4 * numpy.eye(CLASSES)[cells]
    return (numpy.exp(logits) / numpy.exp(logits).sum(2, keepdims=True)).astype(numpy.float32)


random = numpy.random.default_rng(0)
image, labels = image_and_labels(random)
in_sample, out_of_fold = likelihoods_of(random, labels), likelihoods_of(random, labels)
evidence, suggested = score(image, labels, in_sample, out_of_fold)
labeled = labels.reshape(-1) != 255
print(
    json.dumps(
        {
            "width": WIDTH,
            "height": HEIGHT,
            "rows": ROWS,
            "columns": COLUMNS,
            "classCount": CLASSES,
            "image": image.reshape(-1).tolist(),
            "labels": labels.reshape(-1).tolist(),
            "inSample": [round(float(value), 8) for value in in_sample.reshape(-1)],
            "outOfFold": [round(float(value), 8) for value in out_of_fold.reshape(-1)],
            "evidence": [round(float(value), 4) for value in numpy.where(labeled, evidence, 0)],
            "suggested": numpy.where(labeled, suggested, 0).tolist(),
        }
    )
)
