import { ConfigError } from 'coarsely/errors';
import { defaultCosts, parseLabelCosts } from 'coarsely/plan';
import { expect, it, test } from 'vitest';
import { costText } from '#plan/label-costs.js';

it('reads costs with their units, and keeps the defaults of the others', () => {
  expect(parseLabelCosts('coarse=7min,fine=90min,point=2s')).toEqual({ coarse: 420, fine: 5400, point: 2 });
  expect(parseLabelCosts(' fine = 1.5h , point=0.5s')).toEqual({ coarse: 420, fine: 5400, point: 0.5 });
  expect(defaultCosts).toEqual({ coarse: 420, fine: 5400, point: 2 });
});

test.each([
  ['coarse=7days', 'coarse=7days: the unit days is not known'],
  ['coarse=7', 'the unit (none) is not known'],
  ['coarse=0min', 'coarse=0min: the number is not known'],
  ['coarse=1.2.3min', 'the number is not known'],
  ['coarse', 'expected a list such as coarse=7min,fine=90min,point=2s'],
  ['coarse=-7min', 'expected a list'],
  ['', 'expected a list'],
  ['points=2s', 'costs: points is no kind of label'],
])('refuses %s in one line', (text, message) => {
  expect(() => parseLabelCosts(text)).toThrow(ConfigError);
  expect(() => parseLabelCosts(text)).toThrow(message);
});

it('writes costs as they are given', () => {
  expect([420, 5400, 2, 0.5, 36_000].map(costText)).toEqual(['7 min', '90 min', '2 s', '0.5 s', '10 h']);
});
