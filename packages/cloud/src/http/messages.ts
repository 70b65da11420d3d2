/** Reading bodies and writing answers: everything is JSON, everything is bounded. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CloudError } from '../cloud-error.ts';

/** No request of an app or of the command line is longer, except for files: see {@link MOST_FILE_BYTES}. */
const MOST_BODY_BYTES = 65_536;

/** Files that the command line sends along. */
export const MOST_FILE_BYTES = 1_048_576;

/**
 * Reads a JSON object.
 * @throws CloudError `body-too-large`, `body-malformed`
 */
export async function readJson(request: IncomingMessage, most: number = MOST_BODY_BYTES): Promise<{ readonly [name: string]: unknown }> {
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new CloudError('body-malformed', 'send a JSON object, with Content-Type: application/json');
  return parsed((await bytesOf(request, most)).toString('utf8'));
}

/** Not `for await`: leaving that loop early ends the connection, and the answer with it. */
function bytesOf(request: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((done, fail) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    request.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= most) chunks.push(chunk);
      // What still comes is read and dropped, so that the client gets to read the answer.
      else fail(new CloudError('body-too-large', `a body has at most ${most} bytes here`));
    });
    request.once('end', () => done(Buffer.concat(chunks)));
    request.once('error', fail);
  });
}

function parsed(text: string): { readonly [name: string]: unknown } {
  const malformed = (cause?: unknown): CloudError => new CloudError('body-malformed', 'the body is not a JSON object', { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as { readonly [name: string]: unknown };
}

/** Answers with JSON that no cache keeps and no page embeds. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendText(response, status, `${JSON.stringify(body)}\n`);
}

/** The same for a text that is JSON already, or is meant to be broken. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Content-Security-Policy': "default-src 'none'",
  });
  response.end(bytes);
}

/** Answers with an error: a code, and what to do. Of our own failures nothing is told but that they are. */
export function sendError(response: ServerResponse, error: unknown): void {
  const known = error instanceof CloudError ? error : null;
  // What the client still sends is not read.
  if (known?.code === 'body-too-large' && !response.headersSent) response.setHeader('Connection', 'close');
  const { code, message } = known ?? { code: 'internal', message: 'the cloud itself failed; please report it' };
  sendJson(response, known?.status ?? 500, { error: { code, message } });
}
