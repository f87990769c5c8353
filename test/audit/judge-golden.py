"""Numbers for judge.test.ts: average precision by scikit-learn, Spearman's correlation by SciPy, confident learning and the softmin
score by NumPy, each from its paper's equations over whole arrays. Needs scikit-learn and SciPy. Run:
python3 test/audit/judge-golden.py > test/audit/judge-golden.json"""

import json

import numpy
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score

CLASSES = 4


def ranking(random, count, levels):
    """Evidence in [0, 1) on a grid, so that many pixels tie, and which of the pixels are wrong."""
    evidence = random.integers(0, levels, count) / levels
    wrong = random.random(count) < 0.02 + 0.3 * evidence**4
    order = numpy.argsort(-evidence, kind="stable")
    return {
        "evidence": evidence.tolist(),
        "wrong": wrong.astype(int).tolist(),
        "auprc": average_precision_score(wrong, evidence),
        "recallAtOnePercent": expected_recall(evidence[order], wrong[order], count // 100),
    }


def expected_recall(evidence, wrong, budget):
    """The share of the wrong pixels among the first ones, where ties are in random order."""
    edge = evidence[budget - 1]
    above, tied = evidence > edge, evidence == edge
    found = wrong[above].sum() + wrong[tied].mean() * (budget - above.sum())
    return found / wrong.sum()


def confident(random, count):
    """Off-diagonal examples of the confident joint (equations 1 and 2 of Northcutt et al. 2021)."""
    given = random.integers(0, CLASSES, count)
    logits = random.normal(size=(count, CLASSES)) + 1.5 * numpy.eye(CLASSES)[given]
    likelihoods = (numpy.exp(logits) / numpy.exp(logits).sum(1, keepdims=True)).astype(numpy.float32)
    likelihoods = likelihoods.astype(numpy.float64)
    thresholds = numpy.array([likelihoods[given == label, label].mean() for label in range(CLASSES)])
    reached = numpy.where(likelihoods >= thresholds, likelihoods, -1)
    counted = reached.max(1) >= 0
    label = numpy.where(counted, reached.argmax(1), given)
    own = likelihoods[numpy.arange(count), given]
    others = likelihoods.copy()
    others[numpy.arange(count), given] = -1
    error = label != given
    margin = numpy.where(error, likelihoods[numpy.arange(count), label], others.max(1)) - own
    joint = numpy.zeros((CLASSES, CLASSES), int)
    numpy.add.at(joint, (given[counted], label[counted]), 1)
    return {
        "given": given.tolist(),
        "likelihoods": likelihoods.ravel().tolist(),
        "thresholds": thresholds.tolist(),
        "suggested": label.tolist(),
        "isError": error.astype(int).tolist(),
        "margin": margin.tolist(),
        "errorsOfJoint": int(joint.sum() - numpy.trace(joint)),
    }


def softmin(random, count):
    """Equation of the softmin score: the pixels' scores, weighted by the softmax of 1 - score over the temperature."""
    scores = random.random(count).astype(numpy.float32).astype(numpy.float64)
    weights = numpy.exp((1 - scores) / 0.1)
    return {"scores": scores.tolist(), "softmin": float((scores * weights / weights.sum()).sum())}


def correlation(random, count):
    first = random.integers(0, 12, count)
    second = first + random.integers(0, 12, count)
    return {
        "first": first.tolist(),
        "second": second.tolist(),
        "correlation": float(spearmanr(first, second).statistic),
    }


generator = numpy.random.default_rng(7)
print(
    json.dumps(
        {
            "rankings": [ranking(generator, 1000, 64), ranking(generator, 600, 2), ranking(generator, 400, 65536)],
            "confident": confident(generator, 60),
            "softmin": softmin(generator, 50),
            "correlation": correlation(generator, 40),
        }
    )
)
