/** This machine's clock, against a server's `Date` or against NTP. */
import { createSocket } from 'node:dgram';
import type { Memory } from './earlier.ts';
import { type Finding, finding, PATIENCE_MS, unreachable } from './finding.ts';

/** From here on something breaks: message signatures tolerate this much by default. */
const BREAKS_SECONDS = 60;
const NOTICEABLE_SECONDS = 3;
/** Seconds from 1900 (NTP, RFC 5905 §6) to 1970. */
const NTP_EPOCH_SECONDS = 2_208_988_800;

/** The other clock against this one, seconds. */
interface Reading {
  /** Positive where the other clock is ahead of this one. */
  readonly ahead: number;
  readonly uncertainty: number;
}

/** Compares this clock with another, and with what an earlier run saw. @param reading - by {@link byHttp} or {@link byNtp} */
export async function clockAgainst(reading: Promise<Reading>, memory: Memory | null, now: () => number): Promise<readonly Finding[]> {
  try {
    const { ahead, uncertainty } = await reading;
    return [judged(ahead, uncertainty), ...(memory === null ? [] : [memory.drift(-ahead, uncertainty, now())])];
  } catch (error) {
    if (error instanceof NoDate) return [finding('clock', 'skipped', error.message)];
    return [unreachable('clock', error)];
  }
}

class NoDate extends Error {
  override readonly message = 'the server sends no Date header: name another one, or --ntp HOST';
}

/** By the header `Date` of an answer, which counts whole seconds. */
export async function byHttp(url: string, now: () => number): Promise<Reading> {
  const sent = now();
  const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
  const received = now();
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) throw new NoDate();
  // A whole second stands for all of it: its middle is the best guess.
  return { ahead: (date + 500 - (sent + received) / 2) / 1000, uncertainty: 0.5 + (received - sent) / 2000 };
}

/** By SNTP (RFC 4330). @param server - `host` or `host:port` */
export async function byNtp(server: string, now: () => number): Promise<Reading> {
  const [, host = '', port = '123'] = /^(.*?)(?::(\d+))?$/.exec(server) ?? [];
  const sent = now();
  const answer = await asked(host, Number(port));
  const received = now();
  const at = (offset: number): number =>
    (answer.readUInt32BE(offset) - NTP_EPOCH_SECONDS + answer.readUInt32BE(offset + 4) / 2 ** 32) * 1000;
  // RFC 4330 §5: half the sum of both ways' differences.
  const offset = (at(32) - sent + (at(40) - received)) / 2;
  return { ahead: offset / 1000, uncertainty: (received - sent) / 2000 };
}

function asked(host: string, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(Object.assign(new Error('late'), { code: 'ETIMEDOUT' }))), PATIENCE_MS);
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('message', (message) =>
      end(() => (message.length >= 48 ? resolve(message) : reject(Object.assign(new Error('short'), { code: 'NTP_MALFORMED' })))),
    );
    // Version 4, client.
    socket.send(Buffer.from([0x23, ...new Array<number>(47).fill(0)]), port, host);
  });
}

function judged(ahead: number, uncertainty: number): Finding {
  const off = Math.max(0, Math.abs(ahead) - uncertainty);
  const seen = `this clock is ${Math.abs(ahead).toFixed(1)} s ${ahead > 0 ? 'behind' : 'ahead'} (±${uncertainty.toFixed(1)} s)`;
  if (off < NOTICEABLE_SECONDS) return finding('clock', 'ok', seen);
  const breaks = `tokens expire ${off.toFixed(0)} s too ${ahead > 0 ? 'late' : 'early'}`;
  if (off < BREAKS_SECONDS) return finding('clock', 'warning', `${seen}: ${breaks}. Switch on time synchronisation.`);
  return finding('clock', 'problem', `${seen}: ${breaks}, and signed requests are refused. Switch on time synchronisation.`);
}
