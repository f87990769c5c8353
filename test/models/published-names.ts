/** Derives names and shapes of published checkpoints from the layers that mmsegmentation-golden.py lists. */
import { readFileSync } from 'node:fs';
import type { Summary } from './deterministic-values.js';

export interface PublishedGolden {
  readonly layers: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly parameters: Readonly<Record<string, number>>;
  readonly 'resnest50 features, output stride 8': readonly Summary[];
  readonly 'resnest50 features, output stride 16': readonly Summary[];
  readonly 'deeplabv3plus on resnet50, 19 classes, output stride 8': Summary;
  readonly 'ocr on resnet50, 19 classes, output stride 8': Summary;
  readonly 'ocr on resnest50, 5 classes, output stride 16': {
    readonly logits: Summary;
    readonly auxiliary: Summary;
    readonly objective: number;
    readonly gradients: Readonly<Record<string, Summary>>;
  };
}

export type NamedShape = readonly [name: string, shape: number[]];

export const golden = JSON.parse(
  readFileSync(new URL('./mmsegmentation-golden.json', import.meta.url), 'utf8'),
) as PublishedGolden;

/** Returns every tensor of these layers: 'norm 64', '64x3x3x3' or '19x512x1x1 + bias' by name. */
export function tensorsOf(layers: string, prefix = ''): NamedShape[] {
  const found = golden.layers[layers];
  if (found === undefined) throw new Error(`the golden file has no layers of ${layers}`);
  return Object.entries(found).flatMap(([name, layer]) => tensorsOfLayer(`${prefix}${name}`, layer));
}

/** Returns every tensor of a whole published network. */
export function checkpointOf(backbone: string, head: string): NamedShape[] {
  return [...tensorsOf(backbone, 'backbone.'), ...tensorsOf(head)];
}

/** Returns the tensors of one layer. */
export function tensorsOfLayer(name: string, layer: string): NamedShape[] {
  if (layer.startsWith('norm ')) {
    const channels = Number(layer.slice('norm '.length));
    const vectors = ['weight', 'bias', 'running_mean', 'running_var'] as const;
    return [
      ...vectors.map((part): NamedShape => [`${name}.${part}`, [channels]]),
      [`${name}.num_batches_tracked`, []],
    ];
  }
  const shape = (layer.split(' ')[0] as string).split('x').map(Number);
  const weight: NamedShape = [`${name}.weight`, shape];
  return layer.endsWith(' + bias') ? [weight, [`${name}.bias`, shape.slice(0, 1)]] : [weight];
}
