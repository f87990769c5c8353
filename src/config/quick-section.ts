/**
 * Defines the `quick` section: how the head of a frozen backbone learns from stored features of single pixels. What does
 * not go together with it is refused by name.
 */

import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import { heads } from '../models/index.js';
import type { ComponentSection } from '../registry/index.js';
import { keyTraits } from './key-traits.js';

const patchesSection = z.strictObject({
  size: z
    .int()
    .min(3)
    .refine((size) => size % 2 === 1, { error: 'expected an odd number' })
    .default(15)
    .describe('Cells of four pixels in each direction of a patch, an odd number.'),
  count: z.int().min(1).default(16).describe('Patches of one update, over all ranks together.'),
  pool: z
    .int()
    .min(1)
    .default(1024)
    .describe(
      'Patches that are kept in memory, around pixels without a label that are spread over all images. With 488 features and ' +
        'a size of 15 each takes 0.2 MiB, beside `quick.memoryMiB`.',
    ),
});

export const quickSection = z.strictObject({
  pixels: z
    .int()
    .min(1)
    .default(8192)
    .describe(
      'Labeled pixels of one update, over all ranks together, drawn over all images. It takes the place of ' +
        '`training.batchSize`.',
    ),
  classBalance: z
    .enum(['none', 'sqrt', 'balanced'])
    .default('none')
    .describe(
      'How often the pixels of a class are drawn: `none`, as often as they are labeled; `balanced`, every class equally ' +
        'often; `sqrt`, by the square root of its share, which lies between.',
    ),
  scales: z
    .array(z.number().min(0.25).max(4))
    .min(1)
    .default([1])
    .describe('Sizes at which the features of every training image are computed, as factors.'),
  flip: z
    .boolean()
    .default(false)
    .describe('Computes the features of every training image mirrored as well.'),
  memoryMiB: z
    .int()
    .min(1)
    .default(1024)
    .describe(
      'Memory for features in each process, in MiB. Where the labeled cells of the dataset do not fit, each image gives ' +
        'an equal share of them, drawn at random.',
    ),
  diskMiB: z
    .int()
    .min(0)
    .default(8192)
    .describe(
      'Disk space for features that later runs use again, in MiB, below `$XDG_CACHE_HOME/coarsely` (`~/.cache/coarsely`). ' +
        '0 keeps none.',
    )
    .register(keyTraits, { affectsResults: false, perProcess: true }),
  patches: patchesSection
    .prefault({})
    .describe(
      'Patches of features for `regionLosses` that need pixels in their arrangement, such as `gated-crf`; without such a loss ' +
        'there are none.',
    ),
});

/** Holds a parsed `quick` section. */
export type QuickSection = z.output<typeof quickSection>;

/** Holds the sections that quick training sets conditions on. */
interface CheckedSections {
  readonly quick: QuickSection | null;
  readonly model: {
    readonly backbone: ComponentSection;
    readonly head: ComponentSection;
    readonly auxiliary: object | null;
  };
  readonly data: { readonly sampling: string };
  readonly training: { readonly gradientAccumulationSteps: number };
}

/**
 * Checks that a config with a `quick` section trains nothing but a head that reads stored features.
 * @throws {ConfigError} naming the key that does not go together with it
 */
export function checkQuick({ quick, model, data, training }: CheckedSections): void {
  if (quick === null) return;
  const { backbone, head, auxiliary } = model;
  const refuse = (key: string, message: string) => {
    throw new ConfigError(`${key}: ${message}`);
  };
  if (heads.get(head.kind).readsStacked !== true) {
    const able = heads.kinds().filter((kind) => heads.get(kind).readsStacked === true);
    refuse(
      'model.head.kind',
      `quick trains a head on stored features; expected ${able.join(' or ')}, received ${head.kind}`,
    );
  }
  if (backbone.frozen !== true) {
    refuse(
      'model.backbone.frozen',
      `quick computes the features of an image once; expected true, received ${JSON.stringify(backbone.frozen ?? null)}`,
    );
  }
  if (auxiliary !== null) {
    refuse('model.auxiliary', 'quick has stored features for its one head alone; expected null');
  }
  if (training.gradientAccumulationSteps !== 1) {
    refuse(
      'training.gradientAccumulationSteps',
      `quick computes its pixels at once; expected 1, received ${training.gradientAccumulationSteps}; lower quick.pixels to save memory`,
    );
  }
  if (data.sampling !== 'uniform') {
    refuse(
      'data.sampling',
      `quick draws pixels and no crops; expected uniform, received ${data.sampling}; set quick.classBalance`,
    );
  }
}
