/** Writes the contact sheet of an audit as one page that needs nothing else: its first regions, swaps and worst images. */

import { counted, formatCount, formatNumber, formatPercent } from '../../format/index.js';
import { type Html, html, trusted } from '../../report/internal.js';
import type { Audit } from '../audit.js';
import type { SuspectRegion } from '../suspect-region.js';
import { chip, colorOf } from './class-chip.js';
import type { RegionPicture } from './region-picture.js';
import { swapTable } from './swap-table.js';

/** Holds a region with its picture. */
export interface ShownRegion {
  readonly region: SuspectRegion;
  readonly picture: RegionPicture;
}

/** Holds everything that the page shows. */
export interface ContactSheet {
  readonly audit: Audit;
  readonly shown: readonly ShownRegion[];
  readonly style: string;
}

// Nothing is fetched and nothing runs, whatever a class name or a path contains.
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** Counts the images of the table. */
const worstImages = 20;

/** Returns the page as HTML. */
export function renderContactSheet({ audit, shown, style }: ContactSheet): string {
  const title = `Audit of the ${audit.labels} labels of ${audit.split}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title} – coarsely</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
<p class="eyebrow">coarsely audit</p>
<h1>${title}</h1>
<p class="lede">${summaryText(audit)}</p>
<p class="hint">${audit.root}</p>
${audit.assumptions.map((line) => html`<p class="hint">${line}</p>`)}
<section id="regions">
<h2>${shown.length === audit.regions ? 'All' : 'The first'} ${counted(shown.length, 'region')}</h2>
<p class="hint">By the pixels whose label is expected to be wrong. The outline is the region, the color that of the suggested class. Weight is what reweighting would give these pixels, 1 on average.</p>
<div class="regions">${shown.map((one, place) => regionCard(one, { rank: place + 1, audit }))}</div>
</section>
<section id="swaps">
<h2>Which class for which</h2>
<p class="hint">Pixels that are expected to be wrong, by the class that they have (rows) and the class that is suggested (columns).</p>
${swapTable(audit)}
</section>
<section id="images">
<h2>Images</h2>
<p class="hint">The share of their labeled pixels that is expected to be wrong.</p>
${imageTable(audit)}
</section>
</main>
</body>
</html>
`.text;
}

/** Returns the sentences that an audit comes to. */
export function summaryText(audit: Audit): string {
  const { regions, suspectedPixels, labeledPixels, expectedWrongPixels, unjudgedPixels, coverage } = audit;
  if (regions === 0) return `No label of ${counted(audit.images.length, 'image')} is suspected to be wrong.`;
  const share = (part: number, whole: number) =>
    formatPercent(whole === 0 ? 0 : part / whole, { sign: true });
  const first = coverage.find((one) => one.regions === 50) ?? coverage[0];
  return [
    `${counted(regions, 'region')} of ${counted(audit.images.length, 'image')} are suspected to be wrong: ` +
      `${formatCount(suspectedPixels)} pixels, ${share(suspectedPixels, labeledPixels)} of those with a label, ` +
      `of which ${formatCount(Math.round(expectedWrongPixels))} are expected to be wrong.`,
    ...(first === undefined || first.regions === regions
      ? []
      : [
          `The first ${first.regions} regions hold ${formatPercent(first.share, { sign: true })} of the suspected pixels.`,
        ]),
    ...(unjudgedPixels === 0
      ? []
      : [
          `${share(unjudgedPixels, labeledPixels)} of the labels could not be judged, as no other fold has their class.`,
        ]),
  ].join(' ');
}

function regionCard(
  { region, picture }: ShownRegion,
  { rank, audit }: { readonly rank: number; readonly audit: Audit },
): Html {
  const { split, image, box } = region;
  const color = colorOf(audit.classes, region.suggested);
  const label = `region ${rank}: ${region.given} in ${image}, suggested ${region.suggested}`;
  return html`<article class="region" id="${region.id}">
<div class="shown" role="img" aria-label="${label}"><img src="${picture.source}" alt="" loading="lazy"><svg viewBox="0 0 ${picture.width} ${picture.height}" aria-hidden="true"><path class="halo" d="${picture.outline}"/><path class="line" d="${picture.outline}" fill="${color}"/></svg></div>
<h3><span class="rank">${rank}</span> ${chip(audit.classes, region.given)} <span aria-label="suggested">→</span> ${chip(audit.classes, region.suggested)}</h3>
<p class="place">${split} / ${image} <span>at ${box[0]}, ${box[1]}</span></p>
<p class="numbers">${numbersOf(region).map((text, place) => html`${place > 0 && ' · '}<span>${text}</span>`)}</p>
</article>`;
}

function numbersOf({ pixels, expectedWrong, confidence, loss, weight, kind }: SuspectRegion): string[] {
  return [
    `${formatCount(Math.round(expectedWrong))} of ${formatCount(pixels)} px`,
    kind,
    `confidence ${formatPercent(confidence, { decimals: 0, sign: true })}`,
    `loss ${formatNumber(loss, { digits: 3 })}`,
    `weight ${formatNumber(weight, { digits: 3 })}`,
  ];
}

function imageTable({ images }: Audit): Html {
  const worst = images.filter(({ regions }) => regions > 0).slice(0, worstImages);
  if (worst.length === 0) return html`<p>No image has a suspected region.</p>`;
  return html`<div class="wide"><table><thead><tr><th scope="col">image</th><th scope="col">expected wrong</th><th scope="col">pixels</th><th scope="col">regions</th></tr></thead>
<tbody>${worst.map(
    ({ split, image, score, expectedWrongPixels, regions }) =>
      html`<tr><th scope="row">${split} / ${image}</th><td>${formatPercent(score, { sign: true })}</td><td>${formatCount(Math.round(expectedWrongPixels))}</td><td>${formatCount(regions)}</td></tr>`,
  )}</tbody></table></div>`;
}
