"""Networks of mmsegmentation for published-variants.py, written out from its documented behavior, with its module names."""
import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 5


def resize(x, size, align):
    return F.interpolate(x, size, mode='bilinear', align_corners=align)


class ConvModule(nn.Module):
    def __init__(self, i, o, k, padding=0, dilation=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(i, o, k, padding=padding, dilation=dilation, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(o)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Separable(nn.Module):
    def __init__(self, i, o, dilation=1):
        super().__init__()
        self.depthwise_conv = ConvModule(i, i, 3, padding=dilation, dilation=dilation, groups=i)
        self.pointwise_conv = ConvModule(i, o, 1)

    def forward(self, x):
        return self.pointwise_conv(self.depthwise_conv(x))


def shortcut(i, o, stride, pooled):
    if stride == 1 and i == o:
        return None
    conv = nn.Conv2d(i, o, 1, stride=1 if pooled else stride, bias=False)
    pool = [nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)] if pooled else []
    return nn.Sequential(*pool, conv, nn.BatchNorm2d(o))


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, i, width, stride, dilation, style):
        super().__init__()
        self.conv1 = nn.Conv2d(i, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(i, width, stride, False)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, i, width, stride, dilation, style):
        super().__init__()
        first, second = (1, stride) if style == 'pytorch' else (stride, 1)
        self.conv1 = nn.Conv2d(i, width, 1, stride=first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=second, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = shortcut(i, 4 * width, stride, False)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class SplitAttention(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        inner = max(channels * 2 // 4, 32)
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=dilation, dilation=dilation, groups=2, bias=False)
        self.bn0 = nn.BatchNorm2d(2 * channels)
        self.fc1 = nn.Conv2d(channels, inner, 1)
        self.bn1 = nn.BatchNorm2d(inner)
        self.fc2 = nn.Conv2d(inner, 2 * channels, 1)

    def forward(self, x):
        splits = F.relu(self.bn0(self.conv(x))).chunk(2, dim=1)
        pooled = (splits[0] + splits[1]).mean(dim=(2, 3), keepdim=True)
        scores = self.fc2(F.relu(self.bn1(self.fc1(pooled)))).chunk(2, dim=1)
        first = torch.sigmoid(scores[0] - scores[1])
        return first * splits[0] + (1 - first) * splits[1]


class SplitBottleneck(nn.Module):
    expansion = 4

    def __init__(self, i, width, stride, dilation, style):
        super().__init__()
        first, self.pool = (1, stride) if style == 'pytorch' else (stride, 1)
        self.conv1 = nn.Conv2d(i, width, 1, stride=first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = SplitAttention(width, dilation)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = shortcut(i, 4 * width, stride, True)

    def forward(self, x):
        y = self.conv2(F.relu(self.bn1(self.conv1(x))))
        if self.pool > 1:
            y = F.avg_pool2d(y, 3, self.pool, padding=1)
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class Backbone(nn.Module):
    def __init__(self, type, depth, strides, dilations, contract_dilation=False, style='pytorch', norm_eval=False):
        super().__init__()
        block = SplitBottleneck if type == 'ResNeSt' else BasicBlock if depth < 50 else Bottleneck
        self.norm_eval = norm_eval
        self.plain = type == 'ResNet'
        if self.plain:
            self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64)
        else:
            layers = []
            for i, o, stride in [(3, 32, 2), (32, 32, 1), (32, 64, 1)]:
                layers += [nn.Conv2d(i, o, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
            self.stem = nn.Sequential(*layers)
        i = 64
        blocks = {18: [2, 2, 2, 2], 50: [3, 4, 6, 3]}[depth]
        for n, (count, stride, dilation) in enumerate(zip(blocks, strides, dilations)):
            width = 64 * 2**n
            first = dilation // 2 if contract_dilation and dilation > 1 else dilation
            out = width * block.expansion
            rest = [block(out, width, 1, dilation, style) for _ in range(count - 1)]
            setattr(self, f'layer{n + 1}', nn.Sequential(block(i, width, stride, first, style), *rest))
            i = out
        self.channels = [64 * block.expansion, 128 * block.expansion, 256 * block.expansion, i]

    def train(self, mode=True):
        super().train(mode)
        if mode and self.norm_eval:
            for part in self.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.eval()
        return self

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x))) if self.plain else self.stem(x)
        x = F.max_pool2d(x, 3, 2, 1)
        features = []
        for n in (1, 2, 3, 4):
            x = getattr(self, f'layer{n}')(x)
            features.append(x)
        return features


def divisible(channels):
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8


class Relu6Module(nn.Module):
    def __init__(self, i, o, k, stride=1, dilation=1, groups=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(i, o, k, stride=stride, padding=k // 2 * dilation, dilation=dilation, groups=groups,
                              bias=False)
        self.bn = nn.BatchNorm2d(o)
        self.act = act

    def forward(self, x):
        return F.relu6(self.bn(self.conv(x))) if self.act else self.bn(self.conv(x))


class InvertedResidual(nn.Module):
    def __init__(self, i, o, stride, dilation, expand):
        super().__init__()
        hidden = i * expand
        first = [Relu6Module(i, hidden, 1)] if expand != 1 else []
        self.conv = nn.Sequential(*first, Relu6Module(hidden, hidden, 3, stride, dilation, hidden),
                                  Relu6Module(hidden, o, 1, act=False))
        self.shortcut = stride == 1 and i == o

    def forward(self, x):
        return x + self.conv(x) if self.shortcut else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, strides, dilations, widen_factor=1.0, norm_eval=False):
        super().__init__()
        i = divisible(32 * widen_factor)
        self.conv1 = Relu6Module(3, i, 3, stride=2)
        rows = [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)]
        self.channels = []
        for n, ((expand, channels, count), stride, dilation) in enumerate(zip(rows, strides, dilations), 1):
            o = divisible(channels * widen_factor)
            blocks = []
            for b in range(count):
                blocks.append(InvertedResidual(i, o, stride if b == 0 else 1, dilation, expand))
                i = o
            setattr(self, f'layer{n}', nn.Sequential(*blocks))
            if n in (2, 3, 5, 7):
                self.channels.append(o)

    def forward(self, x):
        x = self.conv1(x)
        features = []
        for n in range(1, 8):
            x = getattr(self, f'layer{n}')(x)
            if n in (2, 3, 5, 7):
                features.append(x)
        return features


class FCNHead(nn.Module):
    def __init__(self, i, channels):
        super().__init__()
        self.convs = nn.Sequential(ConvModule(i, channels, 3, padding=1))
        self.conv_seg = nn.Conv2d(channels, CLASSES, 1)

    def forward(self, features):
        return self.conv_seg(self.convs(features[2]))


class ASPPHead(nn.Module):
    def __init__(self, i, c1, channels, c1_channels, dilations, align_corners):
        super().__init__()
        self.align = align_corners
        self.conv_seg = nn.Conv2d(channels, CLASSES, 1)
        self.image_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvModule(i, channels, 1))
        self.aspp_modules = nn.ModuleList(
            [ConvModule(i, channels, 1)] + [Separable(i, channels, d) for d in dilations[1:]])
        self.bottleneck = ConvModule((1 + len(dilations)) * channels, channels, 3, padding=1)
        self.c1_bottleneck = ConvModule(c1, c1_channels, 1)
        self.sep_bottleneck = nn.Sequential(Separable(channels + c1_channels, channels), Separable(channels, channels))

    def forward(self, features):
        low, x = self.c1_bottleneck(features[0]), features[3]
        image = resize(self.image_pool(x), x.shape[2:], self.align)
        x = self.bottleneck(torch.cat([image] + [module(x) for module in self.aspp_modules], 1))
        x = resize(x, low.shape[2:], self.align)
        return self.conv_seg(self.sep_bottleneck(torch.cat([x, low], 1)))


class ObjectAttentionBlock(nn.Module):
    def __init__(self, channels, keys):
        super().__init__()
        self.keys = keys
        self.key_project = nn.Sequential(ConvModule(channels, keys, 1), ConvModule(keys, keys, 1))
        self.query_project = nn.Sequential(ConvModule(channels, keys, 1), ConvModule(keys, keys, 1))
        self.value_project = ConvModule(channels, keys, 1)
        self.out_project = ConvModule(keys, channels, 1)
        self.bottleneck = ConvModule(2 * channels, channels, 1)

    def forward(self, pixels, regions):
        query, key, value = self.query_project(pixels), self.key_project(regions), self.value_project(regions)
        affinity = torch.einsum('nchw,ncko->nkhw', query, key) / self.keys**0.5
        context = torch.einsum('nkhw,ncko->nchw', affinity.softmax(1), value)
        return self.bottleneck(torch.cat([self.out_project(context), pixels], 1))


class OCRHead(nn.Module):
    def __init__(self, i, channels, keys):
        super().__init__()
        self.conv_seg = nn.Conv2d(channels, CLASSES, 1)
        self.object_context_block = ObjectAttentionBlock(channels, keys)
        self.bottleneck = ConvModule(i, channels, 3, padding=1)

    def forward(self, features, first):
        pixels = self.bottleneck(features[3])
        share = first.flatten(2).softmax(2).reshape(first.shape)
        regions = torch.einsum('nkhw,nchw->nck', share, pixels).unsqueeze(3)
        return self.conv_seg(self.object_context_block(pixels, regions))


class Network(nn.Module):
    """EncoderDecoder, or CascadeEncoderDecoder where `decode_head` is a list."""

    def __init__(self, backbone, decode_head, auxiliary_head=None):
        super().__init__()
        if backbone['type'] == 'MobileNetV2':
            self.backbone = MobileNetV2(**{key: value for key, value in backbone.items() if key != 'type'})
        else:
            self.backbone = Backbone(**backbone)
        c = self.backbone.channels
        heads = decode_head if isinstance(decode_head, list) else [decode_head]
        self.cascade = isinstance(decode_head, list)
        self.align = heads[-1].get('align_corners', False)
        if self.cascade:
            region, ocr = heads
            self.decode_head = nn.ModuleList(
                [FCNHead(c[2], region['channels']), OCRHead(c[3], ocr['channels'], ocr['ocr_channels'])])
        else:
            head = heads[0]
            self.decode_head = ASPPHead(c[3], c[0], head['channels'], head['c1_channels'], head['dilations'], self.align)
        if auxiliary_head is not None:
            self.auxiliary_head = FCNHead(c[2], auxiliary_head['channels'])

    def heads(self, x):
        features = self.backbone(x)
        if self.cascade:
            first = self.decode_head[0](features)
            return self.decode_head[1](features, first), first
        return self.decode_head(features), self.auxiliary_head(features) if hasattr(self, 'auxiliary_head') else None

    def forward(self, x):
        return [None if y is None else resize(y, x.shape[2:], self.align) for y in self.heads(x)]
