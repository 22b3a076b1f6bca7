import React, { useRef, useState } from 'react';

import { type IReadout, spoken } from './readout';
import { type IStep, type StepName, timeTicks } from './steps';
import { type ITick, topOf } from './ticks';
import { toneClass } from './tones';
import { useWidth } from './use-width';

/** Where things are in a plot, in pixels. */
export interface IPlot {
  left: number;
  right: number;
  /** Of zero. */
  bottom: number;
  /** The room of one step. */
  band: number;
  /** The middle of a step. */
  x: (index: number) => number;
  y: (value: number) => number;
}

const TOP = 8;
const FOOT = 24;
/** Of one character of an axis, and of a date under it. */
const CHARACTER = 6.6;
const DATE = 64;

/**
 * Something over time: its axes, and a cursor that reads out one step, by pointer or with the arrow keys.
 *
 * The plot itself is drawn by `draw`.
 */
export function TimePlot(props: {
  label: string;
  steps: readonly IStep[];
  stepName: StepName;
  ticks: readonly ITick[];
  height: number;
  draw: (plot: IPlot) => React.ReactNode;
  readout: (index: number) => IReadout;
  /** A step was clicked, or chosen with Enter. */
  onPick?: (index: number) => void;
}): React.JSX.Element {
  const { steps, ticks, height } = props;
  const where = useRef<HTMLDivElement>(null);
  const width = useWidth(where, 640);
  const [at, setAt] = useState<number | null>(null);
  const plot = layOut(width, height, steps.length, ticks);
  const shown = at === null || at >= steps.length ? null : at;
  const marks = timeTicks(steps, props.stepName, (plot.right - plot.left) / DATE);
  return (
    <div className="jp-mesh-Plot" ref={where} style={{ height }}>
      <svg width={width} height={height} role="img" aria-label={props.label}>
        {ticks.map(({ value, label }) => (
          <g key={value}>
            <line
              className={value === 0 ? 'jp-mesh-Plot-base' : 'jp-mesh-Plot-grid'}
              x1={plot.left}
              x2={plot.right}
              y1={crisp(plot.y(value))}
              y2={crisp(plot.y(value))}
            />
            <text x={plot.left - 8} y={plot.y(value)} dy="0.32em" textAnchor="end">
              {label}
            </text>
          </g>
        ))}
        {marks.map(({ value, label }) => (
          <text
            key={value}
            x={Math.min(plot.x(value), plot.right - (label.length * CHARACTER) / 2)}
            y={height - 6}
            textAnchor="middle"
          >
            {label}
          </text>
        ))}
        {shown !== null && (
          <rect
            className="jp-mesh-Plot-cursor"
            x={plot.x(shown) - plot.band / 2}
            y={TOP}
            width={plot.band}
            height={plot.bottom - TOP}
          />
        )}
        {props.draw(plot)}
      </svg>
      <Cursor {...props} plot={plot} at={shown} onMove={setAt} />
      {shown !== null && <Beside plot={plot} at={shown} {...props} />}
    </div>
  );
}

function layOut(width: number, height: number, count: number, ticks: readonly ITick[]): IPlot {
  const longest = Math.max(...ticks.map(({ label }) => label.length));
  // One width for most, so that charts below each other have one axis of time.
  const left = Math.max(52, Math.ceil(longest * CHARACTER) + 12);
  const right = Math.max(left + 1, width - 4);
  const bottom = height - FOOT;
  const band = (right - left) / Math.max(1, count);
  const top = topOf(ticks);
  return {
    left,
    right,
    bottom,
    band,
    x: index => left + (index + 0.5) * band,
    y: value => bottom - (value / top) * (bottom - TOP)
  };
}

/** Lines of one pixel are sharp between two pixels only. */
function crisp(at: number): number {
  return Math.round(at) + 0.5;
}

function Cursor(props: {
  label: string;
  plot: IPlot;
  steps: readonly IStep[];
  readout: (index: number) => IReadout;
  at: number | null;
  onMove: (index: number | null) => void;
  onPick?: (index: number) => void;
}): React.JSX.Element {
  const { plot, steps, at, onMove, onPick } = props;
  const last = steps.length - 1;
  const under = (event: React.PointerEvent | React.MouseEvent): number => {
    const { left } = event.currentTarget.getBoundingClientRect();
    return Math.min(last, Math.max(0, Math.floor((event.clientX - left) / plot.band)));
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const from = at ?? last;
    const moves: Record<string, number> = {
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from + 1,
      PageDown: from - 7,
      PageUp: from + 7,
      Home: 0,
      End: last
    };
    const to = moves[event.key];
    if (to !== undefined) {
      event.preventDefault();
      onMove(Math.min(last, Math.max(0, to)));
    } else if (event.key === 'Enter' && at !== null) {
      onPick?.(at);
    } else if (event.key === 'Escape') {
      onMove(null);
    }
  };
  const said = at === null ? last : at;
  const step = steps[said];
  return (
    <div
      className={`jp-mesh-Plot-cursorField ${onPick ? 'jp-mod-pickable' : ''}`}
      role="slider"
      tabIndex={0}
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={Math.max(0, said)}
      aria-valuetext={step ? spoken(step.label, props.readout(said)) : ''}
      style={{ left: plot.left, width: plot.right - plot.left, top: TOP, bottom: FOOT }}
      onPointerMove={event => onMove(under(event))}
      onPointerLeave={() => onMove(null)}
      onFocus={() => onMove(at ?? last)}
      onBlur={() => onMove(null)}
      onClick={event => onPick?.(under(event))}
      onKeyDown={onKeyDown}
    />
  );
}

function Beside(props: {
  plot: IPlot;
  at: number;
  steps: readonly IStep[];
  readout: (index: number) => IReadout;
}): React.JSX.Element {
  const { plot, at, steps } = props;
  const isRight = plot.x(at) > (plot.left + plot.right) / 2;
  const lines = props.readout(at).lines.filter(line => !line.isNothing);
  const gap = plot.band / 2 + 8;
  const place = isRight
    ? { right: `calc(100% - ${plot.x(at) - gap}px)` }
    : { left: plot.x(at) + gap };
  return (
    <div className="jp-mesh-Readout" aria-hidden="true" style={place}>
      <strong>{steps[at]?.label}</strong>
      {lines.length === 0 && <span>–</span>}
      {lines.map(line => (
        <div key={line.name}>
          <span className={`jp-mesh-Swatch ${line.tone === null ? '' : toneClass(line.tone)}`} />
          <bdi>{line.name}</bdi>
          <span className="jp-mesh-Amount">{line.words}</span>
        </div>
      ))}
    </div>
  );
}
