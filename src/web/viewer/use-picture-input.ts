/** Moves, enlarges and draws on a picture by the pointer and the keyboard. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { brushRings, type Point } from './brush-rings.js';
import { fitPart, type ViewTransform, zoomAt } from './view-transform.js';
import type { PictureViewerOptions } from './viewer-options.js';

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Returns the place of the picture, what is being drawn, and the reference for the frame that takes the input. */
export function usePictureInput(options: PictureViewerOptions) {
  const { width, height, focus, tool = 'move' } = options;
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<ViewTransform>({ left: 0, top: 0, scale: 1 });
  const [points, setPoints] = useState<readonly Point[]>([]);
  const [cursor, setCursor] = useState<Point | null>(null);
  const present = { options, tool, view, points, cursor };
  const state = useRef(present);
  state.current = present;
  const part = focus ?? { left: 0, top: 0, width, height };
  const reset = () => frame.current && setView(fitPart(sizeOf(frame.current), part));
  const zoom = (factor: number) => {
    if (frame.current === null) return;
    const { width, height } = sizeOf(frame.current);
    setView((view) => zoomAt(view, { x: width / 2, y: height / 2, factor }));
  };
  const latestFit = useRef(reset);
  latestFit.current = reset;

  useEffect(() => void reset(), [width, height, part.left, part.top, part.width, part.height]);
  useEffect(() => {
    setPoints([]);
    setCursor(null);
  }, [tool, width, height, options.layers[0]?.source]);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const change = (points: readonly Point[]) => {
      state.current.points = points;
      setPoints(points);
    };
    const finish = () => {
      const { options, tool, points } = state.current;
      change([]);
      const image = { width: options.width, height: options.height };
      const rings =
        tool === 'brush' && points.length > 0
          ? brushRings(points, { image, diameter: options.brushSize ?? 9 })
          : tool === 'polygon' && points.length > 2
            ? [points.flatMap(({ x, y }) => [x, y])]
            : [];
      if (rings.length > 0) options.onDraw?.(rings);
    };
    const pointOf = (event: MouseEvent): Point => {
      const { left, top } = element.getBoundingClientRect();
      const { view, options } = state.current;
      const bound = (value: number, end: number) => Math.min(end, Math.max(0, value));
      return {
        x: bound((event.clientX - left - element.clientLeft - view.left) / view.scale, options.width),
        y: bound((event.clientY - top - element.clientTop - view.top) / view.scale, options.height),
      };
    };
    const pointerDown = (event: PointerEvent) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      const { tool, points } = state.current;
      if (tool === 'polygon') change([...points, pointOf(event)]);
      if (tool === 'brush') change([pointOf(event)]);
    };
    const pointerMove = (event: PointerEvent) => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      const { tool, points } = state.current;
      if (tool === 'brush') change([...points, pointOf(event)]);
      if (tool === 'move')
        setView((view) => ({
          ...view,
          left: view.left + event.movementX,
          top: view.top + event.movementY,
        }));
    };
    const pointerUp = () => state.current.tool === 'brush' && finish();
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002));
      setView((view) => zoomAt(view, { x: event.clientX - left, y: event.clientY - top, factor }));
    };
    const keyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const { tool, points, cursor, options, view } = state.current;
      const arrow = arrows[event.key];
      const middle = { x: Math.floor(options.width / 2), y: Math.floor(options.height / 2) };
      if (event.key === '+' || event.key === '=') zoom(1.25);
      else if (event.key === '-') zoom(0.8);
      else if (event.key === '0') latestFit.current();
      else if (arrow && tool === 'move')
        setView({ ...view, left: view.left - 40 * arrow[0], top: view.top - 40 * arrow[1] });
      else if (tool === 'move') return;
      else if (arrow) {
        const step = event.shiftKey ? 10 : 1;
        const from = cursor ?? middle;
        setCursor({
          x: Math.min(options.width, Math.max(0, from.x + step * arrow[0])),
          y: Math.min(options.height, Math.max(0, from.y + step * arrow[1])),
        });
      } else if (event.key === ' ') change([...points, cursor ?? middle]);
      else if (event.key === 'Enter' && points.length > 0) finish();
      else if (event.key === 'Backspace') change(points.slice(0, -1));
      else if (event.key === 'Escape' && points.length > 0) change([]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    const sizes = new ResizeObserver(() => latestFit.current());
    sizes.observe(element);
    element.tabIndex = 0;
    element.addEventListener('pointerdown', pointerDown);
    element.addEventListener('pointermove', pointerMove);
    element.addEventListener('pointerup', pointerUp);
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('keydown', keyDown);
    return () => sizes.disconnect();
  }, []);
  return { frame, view, points, cursor, reset, zoom };
}

function sizeOf({ clientWidth, clientHeight }: HTMLElement) {
  return { width: clientWidth, height: clientHeight };
}
