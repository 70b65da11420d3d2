/** What the page asks its server. */
import type { Refused, Sent, Setup, ShownDesk, ShownReport, Way, WireRequest } from '../src/wire.ts';

async function answerOf<T>(response: Response): Promise<T> {
  const content: T | Refused = await response.json();
  if (response.ok) return content as T;
  throw new Error((content as Refused).error.message);
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return answerOf<T>(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

export const loadSetup = async (): Promise<Setup> => answerOf<Setup>(await fetch('/api/setup'));
export const loadWay = async (id: string): Promise<Way> => answerOf<Way>(await fetch(`/api/ways/${encodeURIComponent(id)}`));
export const press = (scenario: string): Promise<Sent> => post<Sent>('/api/press', { scenario });
export const sendEdited = (request: WireRequest, from: string): Promise<Sent> => post<Sent>('/api/send', { request, from });
export const loadDesk = async (): Promise<ShownDesk> => answerOf<ShownDesk>(await fetch('/api/desk'));
export const setDesk = (change: object): Promise<ShownDesk> => post<ShownDesk>('/api/desk', change);
export const loadReport = async (): Promise<ShownReport> => answerOf<ShownReport>(await fetch('/api/report'));
