"""Writes mobilenet-golden.json: what torchvision's MobileNets compute when every value follows from its name.

Run with Debian's python3-torch and python3-torchvision:  python3 test/models/mobilenet-golden.py

Numbers are computed in float64. torchvision has no MobileNetV2 below an output stride of 32, and MobileNetV3 at 32 and
16 (`dilated`); the others are made here from its networks: strides of 1, and filters that are dilated by what the
strides before them would have skipped, in the block of the stride too, as in mmsegmentation.
"""
import json
import pathlib

import numpy as np
import torch
from torchvision.models import mobilenetv2, mobilenetv3

from deterministic_values import fill, images, summary, uniform

# Positions in `features` of what the stem, and each of the four stages, returns.
TAPS = {'mobilenet_v2': [1, 3, 6, 13, 17], 'mobilenet_v3_large': [1, 3, 6, 12, 16]}
STAGE_STARTS = {'mobilenet_v2': (7, 14), 'mobilenet_v3_large': (7, 13)}


def create(kind, width, stride):
    if kind == 'mobilenet_v2':
        return dilate(mobilenetv2.MobileNetV2(width_mult=width), kind, stride)
    dilated = stride == 16
    net = mobilenetv3.MobileNetV3(*mobilenetv3._mobilenet_v3_conf(kind, width_mult=width, dilated=dilated))
    return net if dilated else dilate(net, kind, stride)


def dilate(net, kind, stride):
    third, fourth = STAGE_STARTS[kind]
    for position, block in enumerate(net.features):
        dilation = 1
        if stride == 8:
            dilation = 4 if position >= fourth else 2 if position >= third else 1
        elif stride == 16 and position >= fourth:
            dilation = 2
        for conv in block.modules():
            if dilation > 1 and isinstance(conv, torch.nn.Conv2d) and conv.kernel_size[0] > 1:
                conv.stride = (1, 1)
                conv.dilation = (dilation, dilation)
                conv.padding = tuple(side // 2 * dilation for side in conv.kernel_size)
    return net


def features(net, kind, x):
    result = []
    for position, layer in enumerate(net.features[:TAPS[kind][-1] + 1]):
        x = layer(x)
        if position in TAPS[kind]:
            result.append(x)
    return result


def objective(outputs):
    total = 0
    for index, output in enumerate(outputs):
        direction = 2 * uniform(f'direction{index}', output.numel()) - 1
        total = total + (output * torch.from_numpy(direction).reshape(output.shape)).mean()
    return total


def short(value):
    if isinstance(value, dict):
        return {key: short(one) for key, one in value.items()}
    if isinstance(value, list):
        return [short(one) for one in value]
    return float(f'{value:.8g}') if isinstance(value, float) else value


def golden(kind, width, stride, gradients):
    net = fill(create(kind, width, stride)).double()
    x = images([3, 3, 64, 96]).double()
    with torch.no_grad():
        evaluation = [summary(one) for one in features(net.eval(), kind, x)]
    outputs = features(net.train(), kind, x)
    loss = objective(outputs)
    loss.backward()
    norms = [parameter.grad.norm().item() for parameter in net.parameters() if parameter.grad is not None]
    return short({
        'evaluation': evaluation,
        'training': [summary(one) for one in outputs],
        'objective': loss.item(),
        'gradients': {name: summary(net.get_parameter(name).grad) for name in gradients},
        'gradientNorm': float(np.linalg.norm(norms)),
        'runningVariance': summary(dict(net.named_buffers())['features.5.conv.0.1.running_var' if kind == 'mobilenet_v2'
                                                             else 'features.5.block.0.1.running_var']),
        'names': {name: list(tensor.shape) for name, tensor in net.state_dict().items()} if stride == 16 else None,
    })


V2 = ['features.0.0.weight', 'features.1.conv.0.0.weight', 'features.4.conv.1.0.weight', 'features.8.conv.2.weight',
      'features.14.conv.1.1.weight', 'features.17.conv.3.bias']
V3 = ['features.0.0.weight', 'features.1.block.0.0.weight', 'features.4.block.1.0.weight', 'features.5.block.2.fc1.bias',
      'features.9.block.2.0.weight', 'features.13.block.2.fc2.weight', 'features.16.1.weight']
cases = {f'{kind}, width {width}, output stride {stride}': golden(kind, width, stride, names)
         for kind, width, stride, names in [('mobilenet_v2', 0.35, 32, V2), ('mobilenet_v2', 1, 16, V2),
                                            ('mobilenet_v2', 1.4, 8, V2), ('mobilenet_v3_large', 0.75, 32, V3),
                                            ('mobilenet_v3_large', 1, 16, V3), ('mobilenet_v3_large', 1, 8, V3)]}


def lines(value, depth):
    """JSON with one line a summary."""
    if depth == 0 or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, separators=(',', ':'))
    if isinstance(value, dict):
        return '{\n' + ',\n'.join(f'{json.dumps(key)}:{lines(one, depth - 1)}' for key, one in value.items()) + '\n}'
    return '[\n' + ',\n'.join(lines(one, depth - 1) for one in value) + '\n]'


text = lines({'torch': torch.__version__, **cases}, 3)
pathlib.Path(__file__).with_name('mobilenet-golden.json').write_text(text + '\n')
