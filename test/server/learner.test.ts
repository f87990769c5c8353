/** Answers questions about generated scenes from their exact labels, and looks at what the head learns from them. */

import { join } from 'node:path';
import { readClassList, readLabels } from 'coarsely/data';
import { OperationError } from 'coarsely/errors';
import { setThreads, threads } from 'coarsely/torch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer, Question } from '#server/learner/answer.js';
import { Learner } from '#server/learner/learner.js';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';

let playground: Playground;
let threadsBefore: number;
beforeAll(async () => {
  threadsBefore = threads();
  playground = await createQuickPlayground();
});
afterAll(async () => {
  setThreads(threadsBefore);
  await playground.remove();
});

const configOf = () =>
  quickConfig(playground.root, {
    quick: { pixels: 512 },
    training: { iterations: 40, evaluateEvery: 40, checkpointEvery: 40 },
  });

async function answersOf(questions: readonly Question[]): Promise<Answer[]> {
  const classList = await readClassList(join(playground.root, 'classes.json'));
  return Promise.all(
    questions.map(async ({ image, x, y }) => {
      const path = join(playground.root, 'fine', 'train', `${image}.png`);
      const { labels, width } = await readLabels(path, classList);
      return { image, x, y, class: classList.classes[labels[y * width + x] as number]?.name ?? null };
    }),
  );
}

const keyOf = ({ image, x, y }: Question | Answer) => `${image} ${x} ${y}`;

test('answers improve the score of held-back images, and taking them back leaves nothing of them', async () => {
  using learner = await Learner.open(configOf(), { steps: 20 });
  const first = learner.state;
  expect(first).toMatchObject({ generation: 0, points: 0, score: expect.any(Number) });
  const answers: Answer[] = [];
  for (let round = 1; round <= 4; round++) {
    const questions = await learner.questions({ count: 10, asked: answers });
    expect(questions).toHaveLength(10);
    answers.push(...(await answersOf(questions)));
    const state = await learner.learn(answers);
    const points = answers.filter((one) => one.class !== null).length;
    expect(state).toMatchObject({ generation: round, points, firstScore: first.score });
  }
  expect(new Set(answers.map(keyOf)).size).toBe(40);
  expect(learner.state.score).toBeGreaterThan((first.score as number) + 0.05);
  const learned = await learner.predict(answers[0]?.image ?? '');
  expect(learned).toMatchObject({ columns: 24, rows: 16 });
  expect(await learner.learn([])).toMatchObject({ points: 0, score: first.score });
  await expect(learner.predict('nowhere')).rejects.toThrow(OperationError);
});
