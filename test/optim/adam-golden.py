"""Writes adam-golden.json: torch.optim.Adam and AdamW on a small quadratic, parameters of two groups after every step.

Run with any PyTorch from 1.12:  python3 test/optim/adam-golden.py
"""
import json
import pathlib

import torch

STEPS = 6
SECOND_GROUP_SCALE = 5

CASES = [
    {'name': 'Adam', 'kind': 'adam', 'options': {}},
    {'name': 'Adam with decay', 'kind': 'adam', 'options': {'weight_decay': 0.1}},
    {'name': 'Adam, other moments', 'kind': 'adam', 'options': {'betas': [0.5, 0.9], 'eps': 1e-3}},
    {'name': 'Adam, ascending', 'kind': 'adam', 'options': {'weight_decay': 0.1, 'maximize': True}},
    {'name': 'AdamW', 'kind': 'adamw', 'options': {}},
    {'name': 'AdamW with decay', 'kind': 'adamw', 'options': {'weight_decay': 0.3}},
    {'name': 'AdamW, ascending', 'kind': 'adamw', 'options': {'weight_decay': 0.3, 'maximize': True}},
]

for case in CASES:
    first = torch.tensor([1.0, -2.0, 3.0, 0.5], requires_grad=True)
    second = torch.tensor([0.3, -0.1], requires_grad=True)
    optimizer = {'adam': torch.optim.Adam, 'adamw': torch.optim.AdamW}[case['kind']](
        [{'params': [first]}, {'params': [second], 'weight_decay': 0.5}], lr=0.1, **case['options'])
    case['steps'] = []
    for step in range(STEPS):
        rate = 0.1 / (1 + step)
        optimizer.param_groups[0]['lr'] = rate
        optimizer.param_groups[1]['lr'] = rate * SECOND_GROUP_SCALE
        optimizer.zero_grad()
        loss = (first * first * torch.tensor([0.5, 1.0, 0.25, 2.0])).sum() + (second * second * first[:2]).sum()
        loss.backward()
        optimizer.step()
        case['steps'].append([first.tolist(), second.tolist()])

path = pathlib.Path(__file__).with_name('adam-golden.json')
path.write_text(json.dumps({'torch': torch.__version__, 'cases': CASES}) + '\n')
