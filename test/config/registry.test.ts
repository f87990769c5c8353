import { ConfigError } from 'coarsely/errors';
import { createSegmentor } from 'coarsely/models';
import { Registry } from 'coarsely/registry';
import { Generator } from 'coarsely/torch';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

describe('a registry', () => {
  const registry = new Registry<{ kind: string; options: z.ZodType }>('flavor', [
    { kind: 'vanilla', options: z.strictObject({}) },
  ]);
  registry.register({ kind: 'chocolate', options: z.strictObject({}) });

  it('gives what was registered, in order', () => {
    expect(registry.kinds()).toEqual(['vanilla', 'chocolate']);
    expect(registry.get('vanilla').options.safeParse({ sugar: 1 }).success).toBe(false);
  });

  it('names the nearest kind for an unknown one, and all kinds where none is near', () => {
    expect(() => registry.get('vanila')).toThrow(
      new ConfigError("unknown flavor 'vanila'; did you mean vanilla? (known: vanilla, chocolate)"),
    );
    expect(() => registry.get('mint')).toThrow(
      new ConfigError("unknown flavor 'mint' (known: vanilla, chocolate)"),
    );
  });

  it('refuses a kind twice', () => {
    expect(() => registry.register({ kind: 'vanilla', options: z.strictObject({}) })).toThrow(
      new ConfigError("flavor 'vanilla' is registered twice"),
    );
  });
});

describe('creating a component', () => {
  it('checks the options with the schema of the kind, also without a config file', () => {
    using generator = new Generator(0);
    const section = {
      backbone: { kind: 'resnet18', outputStride: 12 },
      head: { kind: 'deeplabv3plus' },
      auxiliary: null,
    };
    expect(() => createSegmentor(section, { classCount: 3, generator })).toThrow(
      "backbone 'resnet18': expected outputStride to be one of 8, 16, 32, received 12",
    );
  });
});
