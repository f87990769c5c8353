/**
 * Runs a part of a bench as a program of its own, in Node or Python, that works only when told to, so that several
 * programs can take turns on one machine. The program prints a line of JSON once it is ready, and then one for each line
 * `step N` on its input. It ends when its input ends. `serveSteps` is the program's side of this in Node.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A running program, of which `Ready` is the first line and `Answer` each further one. */
export class Program<Ready, Answer> {
  /** Resolves when the program is ready to take steps. */
  readonly ready: Promise<Ready>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  /** Starts `command`, which is a program and its arguments. */
  constructor(
    [program = '', ...parameters]: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) =>
      this.#waiting.shift()?.resolve(JSON.parse(line)),
    );
    const fail = (reason: string) => {
      this.#failure = new Error(`${program} ${parameters[0]} ended: ${reason}`);
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    };
    this.#child.on('error', (error) => fail(error.message));
    this.#child.on('close', (status, signal) => fail(signal ?? `status ${status}`));
    // A program that has ended closes its input; its end is reported above.
    this.#child.stdin.on('error', () => {});
    this.ready = this.#nextAnswer();
    // Nobody has to await `ready`; those who do still receive the failure.
    this.ready.catch(() => {});
  }

  /**
   * Takes `count` steps and waits for them.
   * @throws {Error} when the program ends instead of answering
   */
  steps(count: number): Promise<Answer> {
    const answer = this.#nextAnswer<Answer>();
    this.#child.stdin.write(`step ${count}\n`);
    return answer;
  }

  end(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  #nextAnswer<Value>(): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      // The program's lines are trusted to have the shape that its starter states.
      else this.#waiting.push({ resolve: (answer) => resolve(answer as Value), reject });
    });
  }
}

/** Returns the parameters of a program, which are JSON in its first argument. */
export function readParameters<Parameters>(): Parameters {
  return JSON.parse(process.argv[2] ?? '') as Parameters;
}

/** Prints `ready`, and then the answer to each line `step N` on the input, until the input ends. */
export async function serveSteps(
  ready: unknown,
  takeSteps: (count: number) => Promise<unknown> | unknown,
): Promise<void> {
  const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  print(ready);
  for await (const line of createInterface({ input: process.stdin })) {
    print(await takeSteps(Number(line.split(' ')[1])));
  }
}

/** Returns the seconds that `body` takes. */
export function secondsOf(body: () => void): number {
  const began = performance.now();
  body();
  return (performance.now() - began) / 1000;
}

/** Returns the seconds of each of `count` runs of `body`, one after another. */
export async function secondsOfAsync(count: number, body: () => Promise<unknown>): Promise<number[]> {
  const seconds: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const began = performance.now();
    await body();
    seconds.push((performance.now() - began) / 1000);
  }
  return seconds;
}

/** Returns the largest resident memory that this process has had. */
export function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}
