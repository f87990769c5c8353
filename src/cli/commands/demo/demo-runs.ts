/**
 * Lists the runs of the demo: quick and full training, cross-entropy and ARM, coarse and fine labels. Without ImageNet
 * weights there is no quick training, and full training starts from random weights and is longer.
 */

/** Describes a run of the demo. */
export interface DemoRun {
  /** Names the run and its folder. */
  readonly name: string;
  readonly mode: 'quick' | 'full';
  readonly method: 'cross-entropy' | 'ARM';
  readonly labels: 'coarse' | 'fine';
  /** Names the recipe that it trains. */
  readonly recipe: string;
  /** Changes the recipe, `KEY=VALUE` each. */
  readonly changes: readonly string[];
}

/** Names the backbone of the runs that start from ImageNet weights. */
export const demoBackbone = 'mobilenet_v2';

/** Returns the runs in their order: the quick ones first, since they take seconds. */
export function demoRuns({ pretrained }: { readonly pretrained: boolean }): readonly DemoRun[] {
  return pretrained ? [...quickRuns, ...pretrainedRuns] : randomRuns;
}

const quickRuns: readonly DemoRun[] = (['coarse', 'fine'] as const).flatMap((labels) => [
  quickRun(labels, 'cross-entropy'),
  quickRun(labels, 'ARM'),
]);

function quickRun(labels: DemoRun['labels'], method: DemoRun['method']): DemoRun {
  return {
    name: `quick-${labels}-${method.toLowerCase()}`,
    mode: 'quick',
    method,
    labels,
    recipe: method === 'ARM' ? 'scenes-quick-arm' : 'scenes-quick',
    changes: [`data.train.labels=${labels}`],
  };
}

/** Starts from ImageNet weights, so that fewer steps reach as far as from random ones. */
const pretrainedChanges = [
  `model.backbone={kind: ${demoBackbone}, weights: imagenet, outputStride: 16}`,
  'optimizer={kind: adamw, learningRate: 0.001, weightDecay: 0.01}',
  'schedule.kind=cosine',
  'training.iterations=100',
  'training.evaluateEvery=50',
  'training.checkpointEvery=50',
] as const;

const pretrainedRuns: readonly DemoRun[] = fullRuns({ prefix: 'full-coarse-', changes: pretrainedChanges });

/** Is what the demo trains without ImageNet weights. */
const randomRuns: readonly DemoRun[] = fullRuns({ prefix: 'scenes-', changes: [] });

function fullRuns({
  prefix,
  changes,
}: {
  readonly prefix: string;
  readonly changes: readonly string[];
}): readonly DemoRun[] {
  return (['cross-entropy', 'ARM'] as const).map((method) => ({
    name: `${prefix}${method.toLowerCase()}`,
    mode: 'full',
    method,
    labels: 'coarse',
    recipe: `scenes-${method.toLowerCase()}`,
    changes,
  }));
}
