/** Shows what a check of the dataset found, with the images that show it. */

import type { InferResponseType } from 'hono/client';
import { useEffect, useState } from 'preact/hooks';
import { api, call } from '../../api.js';
import { useServerEvent } from '../../events.js';
import { openImage } from './data-address.js';

type Checked = InferResponseType<typeof api.data.check.$get, 200>;

/** Shows the findings, folded away while there are none. */
export function Findings() {
  const [checked, setChecked] = useState<Checked | null>(null);
  const [error, setError] = useState<string | null>(null);
  const failed = (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason));
  const ask = () =>
    void call(api.data.check.$get()).then((answer) => {
      setChecked(answer);
      setError(null);
    }, failed);
  useEffect(ask, []);
  useServerEvent('check', ask);
  useServerEvent('dataset', ask);
  const checkAll = () => void call(api.data.check.$post()).then(ask, failed);
  if (error !== null) return <p role="alert">The check failed: {error}</p>;
  if (checked === null) return null;
  if (checked.state === 'running') {
    return (
      <p class="data-check" role="status">
        Checking the files{checked.total === null ? '' : `: ${checked.done} of ${checked.total}`} …
      </p>
    );
  }
  if (checked.state === 'failed') return <p role="alert">The check failed: {checked.error}</p>;
  const { findings, hints, decoded, images } = checked.found;
  const title =
    findings.length === 0
      ? 'The check found no problem'
      : `The check found ${findings.length === 1 ? 'a problem' : `${findings.length} problems`}`;
  return (
    <details class="data-check" open={findings.length > 0}>
      <summary>
        {title}
        {hints.length > 0 && ` and has ${hints.length === 1 ? 'a hint' : `${hints.length} hints`}`}
      </summary>
      <ul>
        {findings.map(({ code, split, labels, message, remedy, examples }) => (
          <li key={`${code} ${split} ${labels}`}>
            <strong>{[labels, split].filter((part) => part !== null).join('/')}</strong> {message}. {remedy}.
            {examples.map(({ text, image }) => (
              <span key={text} class="data-example">
                {image === null ? (
                  text
                ) : (
                  <button type="button" onClick={() => openImage(image.name, { split: image.split })}>
                    {text}
                  </button>
                )}
              </span>
            ))}
          </li>
        ))}
        {hints.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
      {decoded < images && (
        <p>
          {decoded} of {images} images were decoded, the others checked by their headers.{' '}
          <button type="button" onClick={checkAll}>
            Decode all
          </button>
        </p>
      )}
    </details>
  );
}
