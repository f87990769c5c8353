"""Writes fixtures/deeplabv3plus-r18.pth: a checkpoint as mmsegmentation 0.11 publishes its DeepLabv3+ on ResNet-18.

Run with Debian's python3-torch and python3-torchvision:  python3 test/models/published-checkpoint.py

Names, shapes and `meta` are those of a real one with three classes. To be small, all tensors but one are views of a few
numbers; the bias of the classifier makes every pixel a car.
"""
import pathlib
from collections import OrderedDict

import torch
import torchvision

NUMBERS = torch.tensor([1.0, 0.5, 0.01, -0.01])
CONFIG = """norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    type='EncoderDecoder',
    pretrained='open-mmlab://resnet18_v1c',
    backbone=dict(
        type='ResNetV1c',
        depth=18,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        dilations=(1, 1, 1, 2),
        strides=(1, 2, 2, 1),
        contract_dilation=True),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead',
        dilations=(1, 6, 12, 18)))
"""

state = OrderedDict()


def constant(name, shape):
    which = {'running_var': 0, 'weight': 1, 'running_mean': 3}.get(name.split('.')[-1], 2)
    state[name] = NUMBERS[which if len(shape) < 4 else 2].expand(shape)


def norm(name, channels):
    for part in ('weight', 'bias', 'running_mean', 'running_var'):
        constant(f'{name}.{part}', [channels])
    state[f'{name}.num_batches_tracked'] = torch.tensor(40000)


def conv_module(name, o, i, k):
    constant(f'{name}.conv.weight', [o, i, k, k])
    norm(f'{name}.bn', o)


def separable(name, o, i):
    conv_module(f'{name}.depthwise_conv', i, 1, 3)
    conv_module(f'{name}.pointwise_conv', o, i, 1)


for place, (o, i) in {0: (32, 3), 3: (32, 32), 6: (64, 32)}.items():
    constant(f'backbone.stem.{place}.weight', [o, i, 3, 3])
    norm(f'backbone.stem.{place + 1}', o)
for name, tensor in torchvision.models.resnet18().state_dict().items():
    if name.startswith('layer') and name.endswith('num_batches_tracked'):
        state[f'backbone.{name}'] = torch.tensor(40000)
    elif name.startswith('layer'):
        constant(f'backbone.{name}', list(tensor.shape))

constant('decode_head.conv_seg.weight', [3, 128, 1, 1])
state['decode_head.conv_seg.bias'] = torch.tensor([0.0, 0.0, 1000.0])
conv_module('decode_head.image_pool.1', 128, 512, 1)
conv_module('decode_head.aspp_modules.0', 128, 512, 1)
for branch in (1, 2, 3):
    separable(f'decode_head.aspp_modules.{branch}', 128, 512)
conv_module('decode_head.bottleneck', 128, 5 * 128, 3)
conv_module('decode_head.c1_bottleneck', 12, 64, 1)
separable('decode_head.sep_bottleneck.0', 128, 128 + 12)
separable('decode_head.sep_bottleneck.1', 128, 128)
constant('auxiliary_head.conv_seg.weight', [3, 64, 1, 1])
constant('auxiliary_head.conv_seg.bias', [3])
conv_module('auxiliary_head.convs.0', 64, 256, 3)

meta = {
    'mmseg_version': '0.11.0+e2fbdb5',
    'config': CONFIG,
    'CLASSES': ('road', 'building', 'car'),
    'PALETTE': [[128, 64, 128], [70, 70, 70], [0, 0, 142]],
    'env_info': 'sys.platform: linux',
    'seed': None,
    'exp_name': 'deeplabv3plus_r18-d16_512x1024_40k_cityscapes.py',
    'epoch': 1,
    'iter': 40000,
    'mmcv_version': '1.2.4',
    'time': 'Sun Nov 22 00:00:00 2020',
    'hook_msgs': {},
}
folder = pathlib.Path(__file__).with_name('fixtures')
folder.mkdir(exist_ok=True)
torch.save({'meta': meta, 'state_dict': state, 'optimizer': {'state': {}, 'param_groups': []}},
           folder / 'deeplabv3plus-r18.pth')
