/**
 * Any loss with any reweighter and any confidence, as a training step puts them together: finite at every edge, and no
 * gradient reaches the network through the weights unless it is asked for.
 */
import { losses } from 'coarsely/losses';
import { confidences, type Reweighter, reweighters } from 'coarsely/reweighting';
import { autocast, ops, scope, type Tensor } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { createReweighter, type PixelBatch, pixelBatch, plain, situations } from './pixel-batch.js';

const pairs = losses
  .kinds()
  .flatMap((loss) => reweighters.kinds().map((reweighter) => ({ loss, reweighter })));

interface Parts {
  readonly loss: string;
  readonly confidence: string;
  readonly reweighter: Reweighter;
  readonly classCount: number;
  readonly detach: boolean;
}

/** Returns losses and weights of a batch, as a training step computes them. */
function weighed(batch: PixelBatch, { loss, confidence, reweighter, classCount, detach }: Parts) {
  const { logitsNCHW, labelsNHW, validNHW, extraHeads, origins } = batch;
  const lossComponent = losses.get(loss);
  const confidenceComponent = confidences.get(confidence);
  const pixelLoss = lossComponent.create(lossComponent.options.parse({}), { classCount });
  const indicator = confidenceComponent.create(confidenceComponent.options.parse({ detach }), { classCount });
  return autocast({ dtype: 'bfloat16' }, () => {
    const lossesNHW = pixelLoss(logitsNCHW, labelsNHW, { extraHeads });
    const weightsNHW = reweighter.weigh({
      confidenceNHW: indicator(logitsNCHW, { extraHeads }),
      lossesNHW: lossesNHW.detach(),
      validNHW,
      logitsNCHW: logitsNCHW.detach(),
      labelsNHW,
      origins,
    });
    return { lossesNHW, weightsNHW };
  });
}

/** Returns the gradients of Σ w·l by the logits and the extra heads. */
function gradients(batch: PixelBatch, objective: Tensor): Tensor[] {
  const leaves = [batch.logitsNCHW, ...Object.values(batch.extraHeads)];
  if (objective.requiresGrad) objective.backward();
  return leaves.flatMap((leaf) => leaf.grad ?? []);
}

const allFinite = (tensor: Tensor) => ops.all(ops.isfinite(tensor)).item() === 1;

describe.each(pairs)('$loss × $reweighter', (pair) => {
  test.each(situations)('finite with every confidence: $name', (situation) => {
    for (const confidence of confidences.kinds()) {
      for (const detach of [true, false]) {
        using _inner = scope();
        const { classCount = 5 } = situation;
        const reweighter = createReweighter(pair.reweighter, { classCount });
        const batch = pixelBatch(situation);
        const options = { loss: pair.loss, confidence, reweighter, classCount, detach };
        const { lossesNHW, weightsNHW } = weighed(batch, options);
        expect([lossesNHW.dtype, weightsNHW.dtype]).toEqual(['float32', 'float32']);
        const objective = weightsNHW.mul(lossesNHW).sum();
        const found = [lossesNHW, weightsNHW, objective, ...gradients(batch, objective)];
        for (const parameter of reweighter.parameters())
          found.push(...(parameter.grad ? [parameter.grad] : []));
        expect(found.map(allFinite), `${confidence}, detach ${detach}`).toEqual(found.map(() => true));
        if (situation.name === 'no valid pixel') expect(objective.item()).toBe(0);
        for (const parameter of reweighter.parameters()) parameter.zeroGrad_();
        reweighter.dispose();
      }
    }
  });

  test('with a detached confidence the network sees the weights as constants', () => {
    for (const confidence of confidences.kinds()) {
      using _inner = scope();
      const [seen, constant] = [false, true].map((asConstant) => {
        const reweighter = createReweighter(pair.reweighter);
        const batch = pixelBatch(plain);
        const options = { loss: pair.loss, confidence, reweighter, classCount: 5, detach: true };
        const { lossesNHW, weightsNHW } = weighed(batch, options);
        const found = gradients(batch, (asConstant ? weightsNHW.detach() : weightsNHW).mul(lossesNHW).sum());
        for (const parameter of reweighter.parameters()) parameter.zeroGrad_();
        reweighter.dispose();
        return found.map((gradient) => gradient.toTypedArray());
      });
      expect(seen).toEqual(constant);
    }
  });
});

const followConfidence = reweighters.kinds().filter((kind) => {
  const reweighter = createReweighter(kind);
  const follows = reweighter.curve([0]) !== null;
  reweighter.dispose();
  return follows;
});

test.each(followConfidence)('%s: with an attached confidence the network sees its own weights', (kind) => {
  for (const confidence of confidences.kinds()) {
    using _inner = scope();
    const reweighter = createReweighter(kind);
    const batch = pixelBatch(plain);
    const options = { loss: 'cross-entropy', confidence, reweighter, classCount: 5, detach: false };
    const { lossesNHW, weightsNHW } = weighed(batch, options);
    const found = gradients(batch, weightsNHW.mul(lossesNHW.detach()).sum());
    expect(Math.max(...found.map((gradient) => gradient.abs().max().item())), confidence).toBeGreaterThan(0);
    for (const parameter of reweighter.parameters()) parameter.zeroGrad_();
    reweighter.dispose();
  }
});

test('the strategies of the paper are among those that follow confidence', () => {
  expect(followConfidence).toEqual(expect.arrayContaining(['arm', 'linear-arm', 'closed-form-arm']));
});
