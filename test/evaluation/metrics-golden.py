"""Numbers for metrics.test.ts, made by NumPy alone and without a confusion matrix: every score is counted
directly from boolean masks. Run: python3 test/evaluation/metrics-golden.py > test/evaluation/metrics-golden.json"""

import json

import numpy

IGNORE = 255


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

    valid = labels != IGNORE
    per_class = []
    for c in range(class_count):
        truth, said = valid & (labels == c), valid & (prediction == c)
        both, union = int((truth & said).sum()), int((truth | said).sum())
        present = union > 0
        per_class.append(
            {
                "iou": both / union if present else None,
                "accuracy": (both / int(truth.sum()) if truth.any() else 0.0) if present else None,
                "pixels": int(truth.sum()),
            }
        )
    present = [one for one in per_class if one["iou"] is not None]
    return {
        "classCount": class_count,
        "shape": [images, *shape],
        "labels": labels.ravel().tolist(),
        "prediction": prediction.ravel().tolist(),
        "aAcc": float((labels == prediction)[valid].mean()),
        "mAcc": float(numpy.mean([one["accuracy"] for one in present])),
        "mIoU": float(numpy.mean([one["iou"] for one in present])),
        "perClass": per_class,
    }


print(
    json.dumps(
        [
            case(1, 3, 2, (6, 7)),
            case(2, 11, 3, (12, 16), absent=(4,)),
            case(3, 6, 2, (9, 9), absent=(1,), predicted_only=(5,)),
            case(4, 19, 2, (16, 20)),
        ]
    )
)
