"""Numbers for metrics.test.ts and boundary.test.ts, made by NumPy alone and without a confusion matrix: every score is
counted directly from boolean masks, every distance between every two pixels. Run:
python3 test/evaluation/metrics-golden.py > test/evaluation/metrics-golden.json"""

import json

import numpy

IGNORE = 255
TRIMAP_WIDTHS = (1, 2, 4, 8, 16)


def mean(values):
    """One after the other: numpy.mean adds in another order, and may differ in the last digit."""
    return sum(values) / len(values) if values else None


def boundary_pixels(ids, valid):
    """Mask of the valid pixels with a valid neighbour of another id above, below, left or right."""
    touches = numpy.zeros(ids.shape, bool)
    for dim in (0, 1):
        first = [slice(None)] * 2
        second = [slice(None)] * 2
        first[dim], second[dim] = slice(None, -1), slice(1, None)
        first, second = tuple(first), tuple(second)
        differs = valid[first] & valid[second] & (ids[first] != ids[second])
        touches[first] |= differs
        touches[second] |= differs
    return touches


def nearest_squared(here, there):
    """Squared distance from every pixel of the first mask to the nearest of the second, by trying them all."""
    a, b = numpy.argwhere(here), numpy.argwhere(there)
    if len(b) == 0:
        return numpy.full(len(a), 2**62)
    return ((a[:, None, :] - b[None, :, :]) ** 2).sum(-1).min(1)


def boundary_scores(labels, prediction, class_count):
    height, width = labels.shape[1:]

    def within(squared):
        """At least one pixel, else 0.0075 of the diagonal: its square is 9/160000 of the diagonal's."""
        return (squared <= 1) | (squared * 160000 <= 9 * (height * height + width * width))

    totals = numpy.zeros((class_count, 4), int)
    for truth, said in zip(labels, prediction):
        valid = truth != IGNORE
        for c in range(class_count):
            true_edge = boundary_pixels(truth, valid) & (truth == c)
            said_edge = boundary_pixels(said, valid) & (said == c)
            totals[c] += (
                true_edge.sum(),
                within(nearest_squared(true_edge, said_edge)).sum(),
                said_edge.sum(),
                within(nearest_squared(said_edge, true_edge)).sum(),
            )
    per_class = []
    for all_true, near_true, all_said, near_said in totals.tolist():
        if all_true + all_said == 0:
            per_class.append(None)
            continue
        recall = near_true / all_true if all_true else 0.0
        precision = near_said / all_said if all_said else 0.0
        either = precision + recall
        per_class.append(2 * precision * recall / either if either else 0.0)
    return {"boundaryF1": mean([one for one in per_class if one is not None]), "boundaryPerClass": per_class}


def trimap_scores(labels, prediction, class_count):
    everywhere = numpy.ones(labels.shape[1:], bool)
    distances = numpy.stack(
        [
            nearest_squared(everywhere, boundary_pixels(truth, truth != IGNORE)).reshape(truth.shape)
            for truth in labels
        ]
    )
    scores = []
    for band_width in TRIMAP_WIDTHS:
        band = (labels != IGNORE) & (distances < band_width**2)
        ious = []
        for c in range(class_count):
            truth, said = band & (labels == c), band & (prediction == c)
            if (truth | said).any():
                ious.append(int((truth & said).sum()) / int((truth | said).sum()))
        scores.append({"width": band_width, "mIoU": mean(ious)})
    return scores


def regions(random, class_count, shape, count):
    """Cells around random points, of random classes, with straight outlines."""
    points = random.random((count, 2)) * shape
    classes = random.integers(0, class_count, count)
    places = numpy.stack(numpy.meshgrid(*map(numpy.arange, shape), indexing="ij"), -1)
    return classes[((places[:, :, None, :] - points) ** 2).sum(-1).argmin(-1)]


def regions_case(seed, class_count, images, shape, cells):
    """Outlines that are met nearly, missed and invented: the prediction is the truth moved, with other cells in it."""
    random = numpy.random.default_rng(seed)
    labels = numpy.stack([regions(random, class_count, shape, cells) for _ in range(images)])
    prediction = numpy.roll(labels, (1, 2), (1, 2))
    other = numpy.stack([regions(random, class_count, shape, cells) for _ in range(images)])
    swapped = numpy.stack([regions(random, 4, shape, cells) for _ in range(images)]) == 0
    prediction = numpy.where(swapped, other, prediction)
    ignored = numpy.stack([regions(random, 5, shape, cells) for _ in range(images)]) == 0
    labels[ignored] = IGNORE
    return scored(labels, prediction, class_count)


def case(seed, class_count, images, shape, absent=(), predicted_only=()):
    random = numpy.random.default_rng(seed)
    labels = random.integers(0, class_count, (images, *shape))
    prediction = numpy.where(random.random(labels.shape) < 0.6, labels, random.integers(0, class_count, labels.shape))
    spare = next(c for c in range(class_count) if c not in absent and c not in predicted_only)
    for c in absent:
        labels[labels == c] = spare
        prediction[prediction == c] = spare
    for c in predicted_only:
        labels[labels == c] = spare
    labels[random.random(labels.shape) < 0.2] = IGNORE
    return scored(labels, prediction, class_count)


def scored(labels, prediction, class_count):
    valid = labels != IGNORE
    per_class = []
    for c in range(class_count):
        truth, said = valid & (labels == c), valid & (prediction == c)
        both, union = int((truth & said).sum()), int((truth | said).sum())
        present = union > 0
        per_class.append(
            {
                "iou": both / union if present else None,
                "accuracy": both / int(truth.sum()) if truth.any() else None,
                "pixels": int(truth.sum()),
            }
        )
    present = [one for one in per_class if one["iou"] is not None]
    return {
        "classCount": class_count,
        "shape": list(labels.shape),
        "labels": labels.ravel().tolist(),
        "prediction": prediction.ravel().tolist(),
        "aAcc": float((labels == prediction)[valid].mean()),
        "mAcc": mean([one["accuracy"] for one in per_class if one["accuracy"] is not None]),
        "mIoU": mean([one["iou"] for one in present]),
        "perClass": per_class,
        **boundary_scores(labels, prediction, class_count),
        "trimapMIoU": trimap_scores(labels, prediction, class_count),
    }


print(
    json.dumps(
        [
            case(1, 3, 2, (6, 7)),
            case(2, 11, 3, (12, 16), absent=(4,)),
            case(3, 6, 2, (9, 9), absent=(1,), predicted_only=(5,)),
            case(4, 19, 2, (16, 20)),
            # Diagonals of 400 and 1000 pixels: a tolerance of 3 and of 7.5.
            regions_case(5, 4, 1, (6, 400), 60),
            regions_case(6, 5, 2, (3, 1000), 70),
            regions_case(7, 7, 2, (36, 44), 14),
        ]
    )
)
