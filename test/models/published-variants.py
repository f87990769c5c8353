"""Writes published-variants.json: what networks of mmsegmentation compute whose configs differ where tensors leave no trace.

Run with Debian's python3-torch:  python3 test/models/published-variants.py

The networks (published_networks.py) have mmsegmentation's meaning of
`align_corners`, `dilations`, `strides`, `contract_dilation`, `style`, `norm_eval`, `mean`, `std`, `to_rgb` and `test_cfg`.
Every value follows from its name (deterministic_values.py), and all is computed in float64.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from deterministic_values import fill, summary, uniform
from published_networks import CLASSES, Network

HEIGHT, WIDTH = 65, 89
IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])


def infer(model, x, test_cfg):
    if test_cfg['mode'] == 'whole':
        return model(x)[0]
    (ch, cw), (sh, sw) = test_cfg['crop_size'], test_cfg['stride']
    h, w = x.shape[2:]
    total, count = torch.zeros(1, CLASSES, h, w, dtype=x.dtype), torch.zeros(1, 1, h, w, dtype=x.dtype)
    for row in range(max(h - ch + sh - 1, 0) // sh + 1):
        for column in range(max(w - cw + sw - 1, 0) // sw + 1):
            y2, x2 = min(row * sh + ch, h), min(column * sw + cw, w)
            y1, x1 = max(y2 - ch, 0), max(x2 - cw, 0)
            total[:, :, y1:y2, x1:x2] += model(x[:, :, y1:y2, x1:x2])[0]
            count[:, :, y1:y2, x1:x2] += 1
    return total / count


def image():
    """Returns an RGB image of smooth colors with noise, [height, width, 3]."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    noise = uniform('image', HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3)
    waves = [(x * (c + 2) * 5 + y * (7 - c) * 3) % 211 for c in range(3)]
    return (np.stack(waves, 2) + np.floor(noise * 45)).astype(np.uint8)


def normalized(mean, std, to_rgb):
    pixels = image() if to_rgb else image()[:, :, ::-1]
    x = (pixels.astype(np.float64) - np.array(mean)) / np.array(std)
    return torch.from_numpy(x.transpose(2, 0, 1)[None].copy())


def text(value):
    """Writes a value as mmcv's `pretty_text` does."""
    if isinstance(value, dict):
        return f"dict({', '.join(f'{key}={text(one)}' for key, one in value.items())})"
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    return repr(value)


def config_text(model, test_cfg, mean, std, to_rgb, modern=False):
    if modern:
        preprocessor = dict(type='SegDataPreProcessor', mean=mean, std=std, bgr_to_rgb=to_rgb, pad_val=0,
                            seg_pad_val=255, size=(512, 1024))
        pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', reduce_zero_label=True),
                    dict(type='PackSegInputs')]
        whole = dict(model, data_preprocessor=preprocessor, test_cfg=test_cfg, train_cfg=dict())
        return (f"crop_size = (512, 1024)\ndata_preprocessor = {text(preprocessor)}\nmodel = {text(whole)}\n"
                f"test_pipeline = {text(pipeline)}\ntest_cfg = dict(type='TestLoop')\n")
    norm = dict(type='Normalize', mean=mean, std=std, to_rgb=to_rgb)
    steps = [dict(type='Resize', keep_ratio=True), dict(type='RandomFlip'), norm, dict(type='ImageToTensor', keys=['img']),
             dict(type='Collect', keys=['img'])]
    pipeline = [dict(type='LoadImageFromFile'),
                dict(type='MultiScaleFlipAug', img_scale=(WIDTH, HEIGHT), flip=False, transforms=steps)]
    data = dict(samples_per_gpu=2, test=dict(type='CityscapesDataset', pipeline=pipeline))
    return (f"norm_cfg = dict(type='SyncBN', requires_grad=True)\nmodel = {text(model)}\n"
            f"train_cfg = dict()\ntest_cfg = {text(test_cfg)}\n"
            f"img_norm_cfg = dict(mean={text(mean)}, std={text(std)}, to_rgb={to_rgb})\ndata = {text(data)}\n")


NORM = dict(type='SyncBN', requires_grad=True)
OS8 = dict(strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4))
OS16 = dict(strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2))
WHOLE = dict(mode='whole')
R50 = dict(type='ResNetV1c', depth=50)
MOBILE = dict(type='MobileNetV2', widen_factor=1.0)


def aspp(dilations=(1, 12, 24, 36), **changes):
    return dict(channels=32, c1_channels=8, dilations=dilations, **changes)


def ocr(**changes):
    return [dict(channels=16), dict(channels=32, ocr_channels=16, **changes)]


VARIANTS = {
    'as published': (dict(R50, **OS8, contract_dilation=True), aspp(align_corners=False), WHOLE, {}),
    'aligned corners, slide': (dict(R50, **OS16, contract_dilation=True), aspp((1, 6, 12, 18), align_corners=True),
                               dict(mode='slide', crop_size=(49, 49), stride=(33, 33)), {}),
    'caffe style, BGR': (dict(R50, **OS8, contract_dilation=True, style='caffe'), aspp(),
                         WHOLE, dict(mean=[103.53, 116.28, 123.675], std=[1.0, 1.0, 1.0], to_rgb=False)),
    'dilations of the pyramid': (dict(R50, **OS8, contract_dilation=True), aspp((1, 6, 12, 18)), WHOLE, {}),
    'two branches': (dict(R50, **OS8, contract_dilation=True), aspp((1, 3, 5)), WHOLE, {}),
    'dilation not contracted': (dict(R50, **OS8), aspp(), WHOLE, {}),
    'other dilations': (dict(R50, strides=(1, 2, 1, 1), dilations=(1, 1, 1, 2), contract_dilation=True), aspp(),
                        WHOLE, {}),
    'other mean': (dict(R50, **OS16, contract_dilation=True), aspp((1, 6, 12, 18)), WHOLE,
                   dict(mean=[100.0, 90.0, 80.0], std=[50.0, 60.0, 70.0])),
    'output stride 32 by default': (R50, aspp((1, 3, 6, 9)), WHOLE, {}),
    '1.x': (dict(R50, **OS8, contract_dilation=True), aspp(align_corners=True), WHOLE,
            dict(mean=[110.0, 100.0, 90.0], modern=True)),
    'plain stem, ResNet-18': (dict(type='ResNet', depth=18, **OS8), aspp(align_corners=True), WHOLE, {}),
    'OCR, aligned corners': (dict(R50, **OS8, contract_dilation=True), ocr(align_corners=True), WHOLE, {}),
    'ResNeSt, not contracted': (dict(type='ResNeSt', depth=50, **OS8), aspp(align_corners=True), WHOLE, {}),
    'MobileNetV2': (dict(MOBILE, strides=(1, 2, 2, 1, 1, 1, 1), dilations=(1, 1, 1, 2, 2, 4, 4)), aspp(), WHOLE, {}),
    'MobileNetV2, width 0.5, other dilations': (
        dict(MOBILE, widen_factor=0.5, strides=(1, 2, 2, 2, 1, 1, 1), dilations=(1, 1, 1, 1, 1, 3, 3)),
        aspp((1, 6, 12, 18), align_corners=True), WHOLE, {}),
    'ResNeSt, caffe style': (dict(type='ResNeSt', depth=50, **OS16, contract_dilation=True, style='caffe'),
                             aspp((1, 6, 12, 18)), WHOLE, {}),
}


def stages(backbone):
    if backbone['type'] == 'MobileNetV2':
        return dict(out_indices=(1, 2, 4, 6))
    return dict(num_stages=4, out_indices=(0, 1, 2, 3))


def full_heads(model, head):
    c = model.backbone.channels
    common = dict(num_classes=CLASSES, norm_cfg=NORM, dropout_ratio=0.1,
                  loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0))
    if isinstance(head, list):
        region, last = head
        return [dict(type='FCNHead', in_channels=c[2], in_index=2, num_convs=1, concat_input=False, **region, **common),
                dict(type='OCRHead', in_channels=c[3], in_index=3, **last, **common)]
    return dict(type='DepthwiseSeparableASPPHead', in_channels=c[3], in_index=3, c1_in_channels=c[0], **head, **common)


def layers(module):
    """'64x3x3x3' for a convolution, with ' + bias' where it has one, 'norm 64' for a normalisation."""
    found = {}
    for name, part in module.named_modules():
        if isinstance(part, nn.Conv2d):
            found[name] = 'x'.join(map(str, part.weight.shape)) + ('' if part.bias is None else ' + bias')
        elif isinstance(part, nn.BatchNorm2d):
            found[name] = f'norm {part.num_features}'
    return found


golden = {'torch': torch.__version__, 'layers': {}, 'variants': {}}
for name, (backbone, head, test_cfg, changes) in VARIANTS.items():
    built = dict(dict(strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1)), **backbone)
    model = fill(Network(built, head)).double().eval()
    mean, std = changes.get('mean', IMAGENET[0]), changes.get('std', IMAGENET[1])
    to_rgb = changes.get('to_rgb', True)
    with torch.no_grad():
        logits = infer(model, normalized(mean, std, to_rgb), test_cfg)
    section = dict(
        type='CascadeEncoderDecoder' if isinstance(head, list) else 'EncoderDecoder',
        pretrained='open-mmlab://resnet50_v1c',
        backbone=dict(backbone, **stages(backbone), norm_cfg=NORM, norm_eval=False),
        decode_head=full_heads(model, head))
    if isinstance(head, list):
        section['num_stages'] = 2
    # Networks that differ in their config alone have the same tensors, which are listed once.
    shapes = layers(model)
    key = next((one for one, known in golden['layers'].items() if known == shapes), name)
    golden['layers'][key] = shapes
    golden['variants'][name] = {
        'config': config_text(section, test_cfg, mean, std, to_rgb, changes.get('modern', False)),
        'layers': key,
        'logits': summary(logits),
        'labels': np.bincount(logits.argmax(1).flatten().numpy(), minlength=CLASSES).tolist(),
    }
    print(name, golden['variants'][name]['labels'])

# One training step: corners aligned in the losses too, and normalization by stored statistics in the backbone.
trained = dict(type='ResNetV1c', depth=18, **OS16, contract_dilation=True, norm_eval=True)
model = fill(Network(trained, aspp((1, 6, 12, 18), align_corners=True), dict(channels=16))).double().train()
labels = torch.from_numpy(np.floor(uniform('labels', 2 * 48 * 64) * CLASSES).astype(np.int64)).reshape(2, 48, 64)
x = normalized(*IMAGENET, True)[:, :, :48, :64]
logits, auxiliary = model(torch.cat([x, x.flip(3)]))
objective = F.cross_entropy(logits, labels) + 0.4 * F.cross_entropy(auxiliary, labels)
objective.backward()
golden['training'] = {
    'layers': layers(model),
    'objective': objective.item(),
    'logits': summary(logits),
    'auxiliary': summary(auxiliary),
    'running_mean': summary(model.state_dict()['backbone.layer4.1.bn2.running_mean']),
    'gradients': {name: summary(model.get_parameter(name).grad) for name in (
        'backbone.stem.0.weight', 'backbone.layer2.0.bn1.weight', 'backbone.layer4.1.conv2.weight',
        'decode_head.bottleneck.conv.weight', 'decode_head.conv_seg.bias', 'auxiliary_head.convs.0.conv.weight')},
}
path = pathlib.Path(__file__).with_name('published-variants.json')
path.write_text(json.dumps(golden) + '\n')
