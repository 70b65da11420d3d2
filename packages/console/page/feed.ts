/** The stream as the page keeps it: bounded, whatever comes. */
import { useEffect, useState } from 'preact/hooks';
import type { Bucket, Frame, ShownDecision } from '../src/wire.ts';

/** Rows that are kept; the server remembers more. */
const ROWS = 80;
const BUCKETS = 361;

/** What the page knows of the traffic. */
export interface Traffic extends Pick<Frame, 'totals' | 'codes' | 'rate' | 'gauges' | 'at'> {
  /** Newest first. */
  readonly decisions: readonly ShownDecision[];
  readonly buckets: readonly Bucket[];
  readonly isLive: boolean;
}

const NOTHING: Traffic = {
  at: Date.now(),
  totals: { accepted: 0, rejected: 0, unavailable: 0, skipped: 0 },
  codes: {},
  rate: { decided: 0, shown: 0 },
  gauges: null,
  decisions: [],
  buckets: [],
  isLive: false,
};

function withFrame(known: Traffic, frame: Frame): Traffic {
  const fresh = frame.decisions.slice(-ROWS).reverse();
  const older = frame.first ? [] : known.decisions;
  const starts = frame.buckets[0]?.at ?? Number.POSITIVE_INFINITY;
  const kept = frame.first ? [] : known.buckets.filter(({ at }) => at < starts);
  return {
    ...frame,
    decisions: [...fresh, ...older].slice(0, ROWS),
    buckets: [...kept, ...frame.buckets].slice(-BUCKETS),
    isLive: true,
  };
}

/** Reads the stream; the browser connects again by itself. */
export function useTraffic(): Traffic {
  const [traffic, setTraffic] = useState(NOTHING);
  useEffect(() => {
    const source = new EventSource('/api/stream');
    source.onmessage = ({ data }) => setTraffic((known) => withFrame(known, JSON.parse(data)));
    source.onerror = () => setTraffic((known) => ({ ...known, isLive: false }));
    return () => source.close();
  }, []);
  return traffic;
}
