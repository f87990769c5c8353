/** Asks about one pixel after the other, by a key for each class, while a head learns from the answers. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { api, call } from '../../api.js';
import { useServerEvent } from '../../events.js';
import { JobButton } from '../../jobs/job-button.js';
import { useKeys } from '../../keys.js';
import { AnswerKeys } from './answer-keys.js';
import { classKeys } from './class-keys.js';
import './clicks.css';
import { ClicksStatus, type ShownClicks } from './clicks-status.js';
import { QuestionPictures } from './question-pictures.js';

/** Tells this tab from others of the same page. */
const origin = `${Date.now()}-${Math.random()}`;
/** Limits the time that counts for an answer: whoever takes longer has gone away. */
const longestSeconds = 60;

/** Shows the view `Clicks`. */
export function ClicksView() {
  const [clicks, setClicks] = useState<ShownClicks | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [overlay, setOverlay] = useState(true);
  const busy = useRef(false);
  const began = useRef(performance.now());
  const fail = (reason: Error) => setError(reason.message);
  const ask = () => call(api.clicks.$get()).then(setClicks, fail);
  const start = () => {
    setError(null);
    void call(api.clicks.start.$post()).then(ask, fail);
  };
  useEffect(start, []);
  useServerEvent('head', ask);
  useServerEvent('journal', ask);
  useServerEvent('dataset', ask);
  const question = clicks?.questions[0] ?? null;
  const shown = question && `${question.image} ${question.x} ${question.y}`;
  useEffect(() => {
    began.current = performance.now();
  }, [shown]);
  const decide = async (run: () => Promise<unknown>) => {
    if (busy.current) return;
    busy.current = true;
    try {
      await run();
      setError(null);
      await ask();
    } catch (reason) {
      fail(reason as Error);
    } finally {
      busy.current = false;
    }
  };
  const answer = (name: string | null) => {
    if (question === null) return;
    const { image, x, y } = question;
    const seconds = Math.min(longestSeconds, Math.round(performance.now() - began.current) / 1000);
    const json = { image, x, y, class: name, seconds, origin };
    void decide(() => call(api.clicks.answers.$post({ json })));
  };
  const undo = () => void decide(() => call(api.clicks.undo.$post({ json: { origin } })));
  const classes = clicks?.classes ?? [];
  useKeys({
    ...Object.fromEntries(
      classKeys(classes).map(([key, name]) => [key, { label: name, run: () => answer(name), once: true }]),
    ),
    x: { label: 'cannot tell', run: () => answer(null), once: true },
    z: { label: 'undo', run: undo, once: true },
    ' ': { label: 'show or hide the prediction', run: () => setOverlay(!overlay), once: true },
  });
  if (clicks === null) {
    return error === null ? <p role="status">Reading the dataset …</p> : <p role="alert">{error}</p>;
  }
  return (
    <div class="clicks-view">
      <ClicksStatus clicks={clicks} onStart={start} />
      {error !== null && <p role="alert">{error}</p>}
      {question !== null && (
        <>
          <QuestionPictures
            question={question}
            split={clicks.split}
            generation={overlay ? (clicks.head?.generation ?? null) : null}
          />
          <AnswerKeys
            classes={classes}
            suggested={question.suggested}
            isOverlaid={overlay}
            onAnswer={answer}
            onUndo={undo}
            onOverlay={() => setOverlay(!overlay)}
          />
        </>
      )}
      {clicks.answers > 0 && <JobButton kind="apply" label="Write a dataset with the answers" />}
      {question === null && clicks.phase === 'ready' && <p role="status">Choosing the next questions …</p>}
    </div>
  );
}
