/** Sends a request of the builder to the API: over a real socket, as it stands, and to no other server. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { CONSOLE_HEADER, watched } from '../live/watch.ts';
import type { Way, WireRequest } from '../wire.ts';

const LONGEST_ANSWER = 4096;
const PATIENCE_MS = 10_000;

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly answer: string;
  readonly way: Way | null;
}

/**
 * Sends it.
 * @throws TypeError where it cannot be written as HTTP; what `node:http` throws where the API does not answer
 */
export async function send(origin: string, request: WireRequest, sender: string): Promise<Answer> {
  const id = randomBytes(9).toString('base64url');
  let found: Promise<Way | null> | null = null;
  watched.expected.set(id, { sender, isSampled: false, judged: (way) => (found = way) });
  try {
    const response = await exchange(origin, request, id);
    let answer = '';
    for await (const chunk of response) if (answer.length < LONGEST_ANSWER) answer += String(chunk);
    return { status: response.statusCode ?? 0, answer: answer.slice(0, LONGEST_ANSWER), way: await found };
  } finally {
    watched.expected.delete(id);
  }
}

async function exchange(origin: string, { method, target, headers, body }: WireRequest, id: string): Promise<IncomingMessage> {
  const { hostname, port } = new URL(origin);
  const lines: OutgoingHttpHeaders = {};
  for (const [name, value] of headers) {
    const given = lines[name];
    lines[name] = given === undefined ? value : [given, value].flat().map(String);
  }
  lines[CONSOLE_HEADER] = id;
  if (body !== null && !headers.some(([name]) => name.toLowerCase() === 'content-length'))
    lines['Content-Length'] = Buffer.byteLength(body);
  const outgoing = httpRequest({ hostname, port, method, path: target, headers: lines, agent: false, timeout: PATIENCE_MS });
  outgoing.on('timeout', () => outgoing.destroy(new Error('The API did not answer within ten seconds.')));
  outgoing.end(body ?? undefined);
  const [response] = await once(outgoing, 'response');
  return response as IncomingMessage;
}
