/**
 * Follows the scores of held-out points in a run: keeps a copy of the best state, and says when learning has begun to do
 * harm. Rule and copy are part of a checkpoint, so that an interrupted run goes on alike.
 */

import { Buffer } from '../nn/index.js';
import { checkpointPart } from '../runs/internal.js';
import { noGrad, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import {
  numbersOfState,
  StoppingRule,
  type StoppingRuleOptions,
  type StoppingState,
  type StoppingVerdict,
  stateOfNumbers,
} from './stopping-rule.js';

const ruleName = 'rule';
const bestPart = 'best';

/** Follows scores, with a copy of the state that had the best one. */
export class Stopping implements Disposable {
  readonly #rule: StoppingRule;
  readonly #best = new Map<string, Buffer>();

  constructor(options: StoppingRuleOptions) {
    this.#rule = new StoppingRule(options);
  }

  /** Returns how far the rule is. */
  get state(): StoppingState {
    return this.#rule.state;
  }

  /** Tells whether the rule has stopped. */
  get hasStopped(): boolean {
    return this.#rule.state.stoppedAt !== null;
  }

  /**
   * Takes the score at a step. The best state so far is copied; where the rule stops, the best one is given to `restore`, and
   * its copy is freed.
   * @param options.current returns the state as it is, by name
   * @param options.restore puts a state in place of the current one
   */
  observe(
    step: number,
    {
      score,
      current,
      restore,
    }: {
      readonly score: number | null;
      readonly current: () => ReadonlyMap<string, Tensor>;
      readonly restore: (best: ReadonlyMap<string, Tensor>) => void;
    },
  ): StoppingVerdict {
    const verdict = this.#rule.observe(step, score);
    if (verdict === 'best') tidy(() => this.#keep(current()));
    if (verdict === 'stop') {
      restore(this.#best);
      this.#forget();
    }
    return verdict;
  }

  /** Returns rule and copy by their names in a checkpoint; the copies are live. */
  tensors(): Map<string, Tensor> {
    const numbers = numbersOfState(this.#rule.state);
    const rule = tensorFrom(numbers, { dtype: 'float64', shape: [numbers.length] });
    const best = [...this.#best].map(([name, tensor]) => [`${bestPart}.${name}`, tensor] as const);
    return new Map<string, Tensor>([[ruleName, rule], ...best]);
  }

  /** Goes on from what `tensors` returned; without a rule in it, as in a checkpoint of a run without one, it begins anew. */
  load(tensors: ReadonlyMap<string, Tensor>): void {
    const rule = tensors.get(ruleName);
    if (rule === undefined) return;
    this.#rule.restore(stateOfNumbers(Array.from(rule.toTypedArray(), Number)));
    this.#keep(checkpointPart(tensors, bestPart));
  }

  [Symbol.dispose](): void {
    this.#forget();
  }

  #keep(state: ReadonlyMap<string, Tensor>): void {
    noGrad(() => {
      for (const [name, tensor] of state) {
        const kept = this.#best.get(name);
        if (kept) kept.copy_(tensor);
        else this.#best.set(name, new Buffer(tensor.detach().clone()));
      }
    });
  }

  #forget(): void {
    for (const tensor of this.#best.values()) tensor.dispose();
    this.#best.clear();
  }
}
