/**
 * Serves a trained network over HTTP: it answers a posted image with a PNG in which each pixel is the index of a class.
 *
 *     node node_modules/coarsely/dist/examples/predict-server.js runs/folder-arm [port]
 *     curl --data-binary @photo.jpg http://localhost:8080/ > labels.png
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inferenceOptions, inferLabels, loadRun } from 'coarsely/evaluation';
import { foldBatchNorm } from 'coarsely/models';
import { scope } from 'coarsely/torch';
import sharp from 'sharp';

const [runFolder, port = '8080'] = process.argv.slice(2);
if (runFolder === undefined) throw new Error('usage: predict-server.js RUN [PORT]');

const largestUpload = 32 * 2 ** 20;
const run = await loadRun(runFolder);
const options = inferenceOptions(run.config);
const model = foldBatchNorm(run.model, { dtype: 'float32' });

/** Reads an encoded image and returns the class of each pixel as a gray PNG. */
async function segment(file: Buffer): Promise<Buffer> {
  const rgb = sharp(file).autoOrient().removeAlpha().toColorspace('srgb').raw();
  const { data, info } = await rgb.toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  using _labels = scope();
  const labelsNHW = inferLabels(model, [{ width, height, image: data }], {
    ...options,
    precision: 'float32',
  });
  const labels = labelsNHW.to({ dtype: 'uint8' }).toTypedArray() as Uint8Array;
  const gray = sharp(labels, { raw: { width, height, channels: 1 } }).toColorspace('b-w');
  return gray.png().toBuffer();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > largestUpload) throw new RangeError(`expected at most ${largestUpload} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(405).end('post an image\n');
  try {
    const png = await segment(await readBody(request));
    response.writeHead(200, { 'content-type': 'image/png' }).end(png);
  } catch (error) {
    response.writeHead(400).end(`${error instanceof Error ? error.message : error}\n`);
  }
}

const server = createServer((request, response) => void answer(request, response)).listen(
  Number(port),
  '127.0.0.1',
);
await once(server, 'listening');
console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}/`);
process.once('SIGTERM', () => server.close(() => run[Symbol.dispose]()));
