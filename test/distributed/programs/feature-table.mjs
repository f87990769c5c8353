/** Opens a feature table as a rank, and reports a digest of its rows and how often the network ran. */
import { createHash } from 'node:crypto';
import { backbones } from 'coarsely/models';
import { openFeatureTable } from 'coarsely/quick';
import { Generator } from 'coarsely/torch';
import { asRank, options } from './as-rank.mjs';

await asRank(async (processGroup) => {
  const generator = new Generator(0);
  const component = backbones.get('resnet18');
  const backbone = component.create(component.options.parse({}), { generator });
  generator.dispose();
  let computed = 0;
  const table = await openFeatureTable({
    ...options,
    backbone: backbone.eval(),
    taps: ['stage1', 'stage3'],
    seed: 0,
    precision: 'float32',
    processGroup,
    onProgress: (progress) => {
      computed = progress.computed;
    },
  });
  const batch = table.batch(Uint32Array.from({ length: table.length }, (_, row) => row));
  const digest = createHash('sha256').update(batch.toBytes()).update(table.labels).digest('hex');
  batch.dispose();
  table[Symbol.dispose]();
  backbone.dispose();
  return { digest, computed };
});
