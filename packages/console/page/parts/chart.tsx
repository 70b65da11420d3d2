import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Bucket } from '../../src/wire.ts';

const HEIGHT = 130;
const HOUR = 3600;
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** Colours are the stylesheet's, as they come out in the theme that is on. */
function colour(name: string): string {
  const { style } = document.body;
  style.setProperty('outline-color', `var(${name})`);
  const { outlineColor } = getComputedStyle(document.body);
  style.removeProperty('outline-color');
  return outlineColor;
}

function dataOf(buckets: readonly Bucket[]): uPlot.AlignedData {
  return [
    buckets.map(({ at }) => at / 1000),
    // Later series are drawn over earlier ones: a stack.
    buckets.map(({ accepted, rejected, unavailable }) => accepted + rejected + unavailable),
    buckets.map(({ accepted, rejected }) => accepted + rejected),
    buckets.map(({ accepted }) => accepted),
  ];
}

function optionsOf(width: number): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [0.9, 40, 3], align: 1 });
  const series = (name: string): uPlot.Series => ({
    fill: () => colour(name),
    stroke: () => colour(name),
    width: 0,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  });
  const axis: uPlot.Axis = {
    stroke: () => colour('--soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui',
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(10, high * 1.1)] } },
    series: [{}, series('--unavailable'), series('--rejected'), series('--accepted')],
    axes: [
      { ...axis, space: 70, values: (_plot, at) => at.map((seconds) => TIME.format(seconds * 1000)) },
      { ...axis, size: 44 },
    ],
  };
}

export function Chart({ buckets, at }: { readonly buckets: readonly Bucket[]; readonly at: number }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(element.clientWidth), [[], [], [], []], element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => {
    const now = at / 1000;
    // From the first request on, ten minutes at least, one hour at most.
    const from = Math.max(now - HOUR, Math.min(now - 600, (buckets[0]?.at ?? at) / 1000 - 10));
    plot.current?.setData(dataOf(buckets), false);
    plot.current?.setScale('x', { min: from, max: now + 10 });
  }, [buckets, Math.floor(at / 1000)]);
  const total = buckets.reduce((sum, { accepted, rejected, unavailable }) => sum + accepted + rejected + unavailable, 0);
  return (
    <figure>
      <div ref={place} class="chart" role="img" aria-label={`Requests in the last hour: ${total}`} />
      <figcaption>
        <i class="accepted" aria-hidden="true" /> accepted <i class="rejected" aria-hidden="true" /> rejected{' '}
        <i class="unavailable" aria-hidden="true" /> our fault
      </figcaption>
    </figure>
  );
}
