/** Checks the share of time that training waits for data, which the progress display shows. */

import { describe, expect, it } from 'vitest';
import { WaitMeter } from '#training/wait-meter.js';

const step = (dataWaitShare: number, perSecond: number) => ({ dataWaitShare, perSecond });

describe('WaitMeter', () => {
  it('leaves out the first step, which waits for the workers to start', () => {
    const meter = new WaitMeter();
    expect(meter.share).toBeNull();
    meter.note(step(0.9, 1));
    expect(meter.share).toBeNull();
    meter.note(step(0, 10));
    expect(meter.share).toBe(0);
  });

  it('weighs steps by the time they take', () => {
    const meter = new WaitMeter();
    meter.note(step(0, 10));
    // A step of three units without waiting, then one of a unit that only waited.
    meter.note(step(0, 10));
    meter.note(step(1, 30));
    expect(meter.share).toBeCloseTo(1 / (3 * 0.98 + 1), 10);
  });

  it('gives old steps less weight', () => {
    const meter = new WaitMeter();
    for (let count = 0; count < 100; count++) meter.note(step(1, 10));
    for (let count = 0; count < 400; count++) meter.note(step(0.25, 10));
    expect(meter.share).toBeCloseTo(0.25, 2);
  });
});
