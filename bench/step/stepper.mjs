// A program that trains a step when told to. It prints a line of JSON once it is ready, and then one for each line
// `step N` it is given: { seconds: number[], losses: number[], peakMiB }. It ends when its input does.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Stepper {
  #child;
  #waiting = [];
  #ended;

  /** @param command program and arguments */
  constructor([program, ...parameters], environment) {
    this.#child = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) =>
      this.#waiting.shift()?.done(JSON.parse(line)),
    );
    const end = (reason) => {
      this.#ended = new Error(`${program} ${parameters[0]} ended: ${reason}`);
      for (const { fail } of this.#waiting.splice(0)) fail(this.#ended);
    };
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('close', (status, signal) => end(signal ?? `status ${status}`));
    this.#child.stdin.on('error', () => {});
    this.ready = this.#answer();
    // Whoever awaits it hears of a failure; nobody else has to.
    this.ready.catch(() => {});
  }

  /** Trains `count` steps and waits for them. */
  steps(count) {
    const answer = this.#answer();
    this.#child.stdin.write(`step ${count}\n`);
    return answer;
  }

  end() {
    this.#child.stdin.end();
    this.#child.kill();
  }

  #answer() {
    return new Promise((done, fail) => {
      if (this.#ended) fail(this.#ended);
      else this.#waiting.push({ done, fail });
    });
  }
}
