/** Writes a refusal to Node's `ServerResponse`. */
import type { Refusal } from './refusal.ts';

/** What is needed of a response: satisfied by `http.ServerResponse` and `http2.Http2ServerResponse`. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** Answers with the refusal and ends the response. Headers that were set before (CORS, for instance) stay. */
export function answerNode(response: NodeResponse, refusal: Refusal): void {
  response.statusCode = refusal.status;
  for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
  response.end(refusal.body);
}
