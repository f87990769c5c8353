import { type ConfigInput, configSchema } from 'coarsely/config';
import { imageNetNormalization } from 'coarsely/data';
import { describe, expect, test } from 'vitest';
import { inferenceOptions } from '#evaluation/inference-options.js';

function configOf(inference: ConfigInput['inference'] = {}, cropSize: [number, number] = [512, 1024]) {
  return configSchema.parse({ data: { root: 'anywhere', augmentation: { cropSize } }, inference });
}

function complaintOf(inference: ConfigInput['inference']): string {
  const { error } = configSchema.safeParse({ data: { root: 'anywhere' }, inference });
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n') ?? '';
}

describe('inferenceOptions', () => {
  test('are a whole image, once, unless a config says otherwise', () => {
    expect(inferenceOptions(configOf())).toEqual({
      device: 'cpu',
      precision: 'auto',
      normalization: imageNetNormalization,
      kernels: 'fused',
      window: null,
      baseSize: null,
      scales: [1],
      flip: false,
    });
    expect(inferenceOptions(configOf({ scales: [0.5, 1], flip: true }))).toMatchObject({
      scales: [0.5, 1],
      flip: true,
    });
  });

  test('slide by two thirds of the training crop', () => {
    expect(inferenceOptions(configOf({ mode: 'slide' })).window).toEqual({
      cropSize: [512, 1024],
      stride: [341, 683],
    });
    // mmsegmentation's own pair.
    const { window } = inferenceOptions(configOf({ mode: 'slide', cropSize: [769, 769] }));
    expect(window).toEqual({ cropSize: [769, 769], stride: [513, 513] });
    const own = configOf({ mode: 'slide', cropSize: [64, 96], stride: [32, 96] });
    expect(inferenceOptions(own).window).toEqual({ cropSize: [64, 96], stride: [32, 96] });
  });

  test('give the base size that a config names', () => {
    expect(inferenceOptions(configOf({ baseSize: [2048, 512] })).baseSize).toEqual([2048, 512]);
  });

  test('a crop changes nothing while whole images are read', () => {
    expect(inferenceOptions(configOf({ cropSize: [64, 96] })).window).toBeNull();
  });
});

describe('the inference section', () => {
  test('refuses what leaves gaps between windows or makes no sense', () => {
    expect(complaintOf({ mode: 'slide', cropSize: [64, 64], stride: [64, 65] })).toBe(
      'inference.stride: expected at most cropSize, so that windows leave no gap',
    );
    expect(complaintOf({ mode: 'slide', stride: [64, 64] })).toContain('inference.stride: expected cropSize');
    expect(complaintOf({ scales: [] })).toContain('inference.scales');
    expect(complaintOf({ scales: [0] })).toContain('inference.scales.0');
    expect(complaintOf({ cropSize: [0, 64] })).toContain('inference.cropSize.0');
    expect(complaintOf({ baseSize: [2048, 0] })).toContain('inference.baseSize.1');
  });
});
