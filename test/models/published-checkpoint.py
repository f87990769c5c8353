"""Writes fixtures/deeplabv3plus-r18.pth: a checkpoint as mmsegmentation 0.11 publishes its DeepLabv3+ on ResNet-18.

Run with Debian's python3-torch:  python3 test/models/published-checkpoint.py

Names, shapes and `meta` are those of a real one with three classes, tested at 48x40 pixels. To be small, all tensors
but one are views of a few numbers; the bias of the classifier makes every pixel a car.
"""
import pathlib
from collections import OrderedDict

import torch

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
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        norm_eval=False,
        style='pytorch',
        contract_dilation=True),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead',
        in_channels=512,
        in_index=3,
        channels=128,
        dilations=(1, 6, 12, 18),
        c1_in_channels=64,
        c1_channels=12,
        dropout_ratio=0.1,
        num_classes=3,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        align_corners=False,
        loss_decode=dict(
            type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)),
    auxiliary_head=dict(
        type='FCNHead',
        in_channels=256,
        in_index=2,
        channels=64,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0.1,
        num_classes=3,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        align_corners=False,
        loss_decode=dict(
            type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4)))
train_cfg = dict()
test_cfg = dict(mode='whole')
dataset_type = 'CityscapesDataset'
data_root = 'data/cityscapes/'
img_norm_cfg = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
crop_size = (512, 1024)
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='MultiScaleFlipAug',
        img_scale=(48, 40),
        flip=False,
        transforms=[
            dict(type='Resize', keep_ratio=True),
            dict(type='RandomFlip'),
            dict(
                type='Normalize',
                mean=[123.675, 116.28, 103.53],
                std=[58.395, 57.12, 57.375],
                to_rgb=True),
            dict(type='ImageToTensor', keys=['img']),
            dict(type='Collect', keys=['img'])
        ])
]
data = dict(
    samples_per_gpu=2,
    workers_per_gpu=2,
    test=dict(
        type='CityscapesDataset',
        data_root='data/cityscapes/',
        img_dir='leftImg8bit/val',
        pipeline=test_pipeline))
log_config = dict(
    interval=50, hooks=[dict(type='TextLoggerHook', by_epoch=False)])
workflow = [('train', 1)]
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
i = 64
for stage, o in enumerate((64, 128, 256, 512), 1):
    for block in (0, 1):
        name = f'backbone.layer{stage}.{block}'
        constant(f'{name}.conv1.weight', [o, i, 3, 3])
        norm(f'{name}.bn1', o)
        constant(f'{name}.conv2.weight', [o, o, 3, 3])
        norm(f'{name}.bn2', o)
        if block == 0 and stage > 1:
            constant(f'{name}.downsample.0.weight', [o, i, 1, 1])
            norm(f'{name}.downsample.1', o)
        i = o

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
