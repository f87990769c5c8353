/** The registries of components, in the order in which the reference describes them. */

import { datasets } from 'coarsely/data';
import { losses, regionLosses } from 'coarsely/losses';
import { backbones, heads } from 'coarsely/models';
import { optimizers, schedules } from 'coarsely/optim';
import { confidences, reweighters } from 'coarsely/reweighting';
import { suggestionStrategies } from 'coarsely/suggest';
import type { z } from 'zod';

export interface ComponentGroup {
  readonly title: string;
  /** The config key whose `kind` names one of them; null where an option of a command does. */
  readonly key: string | null;
  readonly registry: { kinds(): string[]; get(kind: string): { readonly options: z.ZodType } };
  readonly text: string;
}

export const componentGroups: readonly ComponentGroup[] = [
  {
    title: 'Losses',
    key: 'loss',
    registry: losses,
    text: 'A loss is one number for each pixel, computed in float32. See [Losses, confidences, weights](../guide/losses-and-weights.md); p_y is the likelihood of the label of a pixel.',
  },
  {
    title: 'Losses of regions',
    key: 'regionLosses',
    registry: regionLosses,
    text: 'A list of losses that are added to the pixel loss, each with a factor `weight` (1 by default). See [Losses of regions](../guide/losses-and-weights.md#losses-of-regions).',
  },
  {
    title: 'Confidences',
    key: 'confidence',
    registry: confidences,
    text: 'A confidence maps the prediction at a pixel to [−1, 1], where 1 is the most confident. It does not look at the label.',
  },
  {
    title: 'Reweighters',
    key: 'reweighter',
    registry: reweighters,
    text: 'A reweighter gives each labeled pixel its weight in the loss. See [Choose a reweighter](../guide/reweighters.md).',
  },
  {
    title: 'Backbones',
    key: 'model.backbone',
    registry: backbones,
    text: 'A backbone turns an image into features of four sizes. See [Models and weights](../guide/networks.md).',
  },
  {
    title: 'Heads',
    key: 'model.head',
    registry: heads,
    text: 'A head turns the features of a backbone into the logits of the classes.',
  },
  {
    title: 'Datasets',
    key: 'data.kind',
    registry: datasets,
    text: 'A dataset kind reads the files of one layout. `root` is `data.root`; the other options belong into `data.train`, `data.evaluation` and `data.clean`. See [Cityscapes, ADE20K and folders](../guide/public-datasets.md).',
  },
  {
    title: 'Optimizers',
    key: 'optimizer',
    registry: optimizers,
    text: 'An optimizer updates the parameters of the network, and those of ARM, which ascends. `clipNorm` and `backboneScale` stand beside the options of every kind.',
  },
  {
    title: 'Schedules',
    key: 'schedule',
    registry: schedules,
    text: 'A schedule gives the factor on the learning rate at each step.',
  },
  {
    title: 'Suggestion strategies',
    key: null,
    registry: suggestionStrategies,
    text: '`coarsely suggest --strategy KIND --set OPTION=VALUE` names a strategy, which says which pixels to label next. See [Which pixels to label next](../guide/suggest.md).',
  },
];
