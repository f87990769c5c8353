/** Checks the profile of a few steps: what it counts, when it begins and ends, and that nothing is measured afterwards. */
import { tidy, zeros } from 'coarsely/torch';
import { expect, test } from 'vitest';
import { stopOperatorTimes } from '#torch/operator-times.js';
import { StepProfiler } from '#training/step-profiler.js';

const setting = { device: 'cpu', precision: 'float32' } as const;

/** Takes the place of a step: four megabytes in the forward pass, two operators, and two calls of one in backward. */
function takeStep(profiler: StepProfiler, step: number) {
  profiler.enter('data');
  profiler.enter('forward');
  tidy(() => void zeros([1024, 1024], { dtype: 'float32' }).exp().sum());
  profiler.enter('backward');
  tidy(() => void zeros([8], { dtype: 'float32' }).exp().exp());
  profiler.enter('other');
  return profiler.endStep(step);
}

test('phases and operators of the steps after the warm-up, a step', () => {
  using profiler = new StepProfiler({ steps: 2, warmUp: 1, ...setting });
  expect(takeStep(profiler, 1)).toBeNull();
  expect(takeStep(profiler, 2)).toBeNull();
  const profile = takeStep(profiler, 3);
  expect(profile).toMatchObject({ steps: 2, firstStep: 2, device: 'cpu', precision: 'float32' });
  const phases = new Map(profile?.phases.map((phase) => [phase.phase, phase]));
  expect([...phases.keys()]).toEqual(['data', 'forward', 'loss', 'backward', 'optimizer', 'other']);
  expect(phases.get('forward')?.seconds).toBeGreaterThan(0);
  expect(phases.get('loss')?.seconds).toBe(0);
  const peak = (phase: 'forward' | 'backward') => phases.get(phase)?.peakBytes ?? 0;
  expect(peak('forward')).toBeGreaterThanOrEqual(8 * 2 ** 20);
  expect(peak('backward')).toBeLessThan(peak('forward'));
  const calls = (phase: string) =>
    profile?.operators.find((operator) => operator.name === 'aten::exp' && operator.phase === phase)?.calls;
  expect([calls('forward'), calls('backward'), calls('data')]).toEqual([1, 2, undefined]);
  const seconds = profile?.operators.map((operator) => operator.seconds) ?? [];
  expect(seconds).toEqual([...seconds].sort((one, other) => other - one));
  expect(takeStep(profiler, 4)).toBeNull();
  expect(profiler.finish()).toBeNull();
});

test('a run that ends early has the profile of the steps it took', () => {
  using profiler = new StepProfiler({ steps: 20, warmUp: 0, ...setting });
  takeStep(profiler, 1);
  profiler.enter('data');
  expect(profiler.finish()).toMatchObject({ steps: 1, firstStep: 1 });
});

test('two profiles at once are refused, and an abandoned one ends', () => {
  const first = new StepProfiler({ warmUp: 0, ...setting });
  first.enter('data');
  using second = new StepProfiler({ warmUp: 0, ...setting });
  expect(() => second.enter('data')).toThrow('expected no profile to be running');
  first[Symbol.dispose]();
  expect(stopOperatorTimes()).toEqual([]);
});
