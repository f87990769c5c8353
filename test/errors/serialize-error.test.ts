// Errors that travel between threads and processes come back with their class, code, message, stack and cause.

import { CoarselyError, ConfigError, DataError, DistributedError } from 'coarsely/errors';
import { expect, test } from 'vitest';
import { deserializeError, serializeError } from '#errors/serialize-error.js';

function travelled(error: unknown): Error {
  return deserializeError(JSON.parse(JSON.stringify(serializeError(error))));
}

test.each([ConfigError, DataError, DistributedError])('$name keeps its class', (Known) => {
  const error = travelled(new Known('a.png: cannot be read', { cause: new RangeError('too far') }));
  expect(error).toBeInstanceOf(Known);
  expect(error).toMatchObject({ message: 'a.png: cannot be read', code: new Known('').code });
  expect(error.cause).toMatchObject({ name: 'RangeError', message: 'too far' });
});

test('a class of another room becomes a CoarselyError of its name and code', () => {
  class DivergenceError extends CoarselyError {
    constructor() {
      super('the loss became NaN', { code: 'divergence' });
    }
  }
  const error = travelled(new DivergenceError());
  expect(error).toBeInstanceOf(CoarselyError);
  expect(error).toMatchObject({ name: 'DivergenceError', code: 'divergence' });
});

test('any other error keeps name and stack, and is no CoarselyError', () => {
  const original = new TypeError('x is not a function');
  const error = travelled(original);
  expect(error).not.toBeInstanceOf(CoarselyError);
  expect(error).toMatchObject({ name: 'TypeError', stack: original.stack });
  expect(travelled('plain text').message).toBe('plain text');
});
