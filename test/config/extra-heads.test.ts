/** Checks that a confidence is refused when no loss trains the head that it reads. */
import { checkConfig, configSchema } from 'coarsely/config';
import { ConfigError } from 'coarsely/errors';
import { losses } from 'coarsely/losses';
import { confidences } from 'coarsely/reweighting';
import { expect, test } from 'vitest';
import { checkExtraHeads, extraHeadsOf } from '#config/extra-heads.js';

const parse = (parts: object) => configSchema.parse({ data: { root: 'nowhere' }, ...parts });

const trained = (loss: string) => Object.keys(losses.get(loss).extraHeads ?? {});
const pairs = losses.kinds().flatMap((loss) =>
  confidences.kinds().map((confidence) => {
    const needs = confidences.get(confidence).needs ?? [];
    return { loss, confidence, together: needs.every((name) => trained(loss).includes(name)) };
  }),
);

test.each(pairs)('loss $loss with confidence $confidence: $together', ({ loss, confidence, together }) => {
  const config = parse({ loss: { kind: loss }, confidence: { kind: confidence } });
  const check = () => checkExtraHeads(config);
  if (together) expect(check).not.toThrow();
  else expect(check).toThrow(ConfigError);
});

test('only the KL loss trains the scale, and a config says so before anything is loaded', async () => {
  expect(extraHeadsOf(parse({ loss: { kind: 'kl' } }))).toEqual({ logScale: 1 });
  expect(extraHeadsOf(parse({}))).toEqual({});
  const config = parse({ loss: { kind: 'cross-entropy' }, confidence: { kind: 'kl-scale' } });
  const checkDataset = () => Promise.reject(new Error('looked at the dataset first'));
  await expect(checkConfig(config, { label: 'streets.yaml', checkDataset })).rejects.toThrow(
    'config streets.yaml: confidence.kind: kl-scale reads the head logScale, which loss.kind: cross-entropy does not ' +
      'train; use loss.kind: kl, or another confidence',
  );
});

test('every loss, confidence and reweighter takes its options from a config, defaults filled in', () => {
  const config = parse({
    loss: { kind: 'gce', q: 0.2 },
    confidence: { kind: 'entropy' },
    reweighter: { kind: 'closed-form-arm', p: 3 },
  });
  expect(config).toMatchObject({
    loss: { kind: 'gce', q: 0.2 },
    confidence: { kind: 'entropy', detach: true },
    reweighter: { kind: 'closed-form-arm', p: 3, bins: 64, momentum: 0.9 },
  });
  expect(parse({ loss: { kind: 'focal' } }).loss).toEqual({ kind: 'focal', gamma: 2 });
});
