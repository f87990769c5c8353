"""Trains the network of the step bench in PyTorch, as a careful Python programmer would write it.

    peer.py write CONFIG    weights of the network and of the module, images and labels, into CONFIG's `start`; prints
                            the multiplications and additions of the convolutions in a step
    peer.py run CONFIG      trains a step for each line `step N` (bench/support/program.ts)

Channels-last, bfloat16 by autocast around the forward pass, losses in float32, gradients set to None, the reweighting
module as matrix products over the valid pixels, the loss read back each step, as ours does. With `compile` the network
and the objective go through torch.compile.

A batch of one image has no variance over its globally pooled features, and PyTorch rejects it: that one normalization
then uses its running statistics, in our program as well.
"""

import json
import pathlib
import resource
import sys
import time

import torch
from torch.nn import functional as F

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "test" / "golden"))
from hashing import fill_with_hash, hashed_images, hashed_labels  # noqa: E402
from method import IGNORE, Arm, make_optimizer, normalised_weights, variance_confidence  # noqa: E402
from networks import Segmentor  # noqa: E402


def create(config):
    model = Segmentor(config["depth"] or config["network"], config["outputStride"], config["classCount"])
    return model, Arm()


def write(config):
    model, arm = create(config)
    fill_with_hash(model)
    arm.fill_with_hash()
    shape = (config["batchSize"], 3, config["height"], config["width"])
    start = {"images": hashed_images(0, shape, config["classCount"]),
             "labels": hashed_labels(0, (shape[0], *shape[2:]), config["classCount"])}
    start.update({f"model.{name}": value for name, value in model.state_dict().items()})
    start.update({f"arm.{name}": value for name, value in arm.state_dict().items()})
    torch.save(start, config["start"])
    print(json.dumps({"gigaflops": gigaflops(model, start["images"])}))


def gigaflops(model, images):
    """Counts all convolutions, forward and backward: the gradients of input and weight each cost as much as the result."""
    total = 0

    def count(module, inputs, output):
        nonlocal total
        kernel = module.kernel_size[0] * module.kernel_size[1] * module.in_channels // module.groups
        # The images need no gradient.
        passes = 3 if inputs[0].shape[1] > 3 else 2
        total += passes * 2 * kernel * output.numel()

    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        model.eval()(images)
    return total / 1e9


def below(state, prefix):
    return {name[len(prefix):]: value for name, value in state.items() if name.startswith(prefix)}


def objective(logits, labels, arm):
    logits = logits.float()
    if arm is None:
        return F.cross_entropy(logits, labels, ignore_index=IGNORE)
    losses = F.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none")
    valid = labels != IGNORE
    return (normalised_weights(arm(variance_confidence(logits)[valid]), 2) * losses[valid]).sum()


def run(config):
    torch.set_num_threads(config["threads"])
    state = torch.load(config["start"])
    model, arm = create(config)
    model.load_state_dict(below(state, "model."))
    arm.load_state_dict(below(state, "arm."))
    model = model.to(memory_format=torch.channels_last).train()
    if config["batchSize"] == 1:
        model.head.imagePool.bn.eval()
    images = state["images"].contiguous(memory_format=torch.channels_last)
    labels = state["labels"]
    del state
    arm = arm if config["objective"] == "arm" else None
    optimizer = make_optimizer(model, arm, 1e-3)
    bfloat16 = config["precision"] == "bfloat16"
    network, minimised = model, objective
    if config.get("compile"):
        network, minimised = torch.compile(model), torch.compile(objective)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            logits, auxiliary_logits = network(images)
        auxiliary = F.cross_entropy(auxiliary_logits.float(), labels, ignore_index=IGNORE)
        loss = minimised(logits, labels, arm) + 0.4 * auxiliary
        loss.backward()
        optimizer.step()
        return loss.item()

    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        seconds, losses = [], []
        for _ in range(int(line.split()[1])):
            began = time.perf_counter()
            losses.append(step())
            seconds.append(time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "losses": losses, "peakMiB": peak}), flush=True)


if __name__ == "__main__":
    {"write": write, "run": run}[sys.argv[1]](json.loads(sys.argv[2]))
