/** Serves a fetch handler from Node, as fetch platforms do: the URL standard parses the target, `Headers` join repeated lines. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Fetch } from './fetch-app.ts';

/**
 * A server that calls the handler.
 * @param handler - the fetch handler
 * @param onError - what the platform answers when the handler throws or rejects
 */
export function serveFetch(handler: Fetch, onError: (error: unknown) => Response): Server {
  return createServer((request, response) => {
    answered(handler, request)
      .catch(onError)
      .then((answer) => write(response, answer, request.method === 'HEAD'))
      .catch(() => response.destroy());
  });
}

async function answered(handler: Fetch, request: IncomingMessage): Promise<Response> {
  return handler(toRequest(request));
}

function toRequest(request: IncomingMessage): Request {
  const { method = 'GET', url = '/', headers: fields, rawHeaders } = request;
  const target = url.startsWith('/') ? `http://${fields.host ?? 'localhost'}${url}` : url;
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  const hasBody = method !== 'GET' && method !== 'HEAD';
  // The cast holds: Node's types lack `duplex`, which the Fetch standard demands for streams.
  const body = hasBody ? ({ body: Readable.toWeb(request), duplex: 'half' } as RequestInit) : {};
  return new Request(target, { method, headers, ...body });
}

async function write(response: ServerResponse, answer: Response, withoutBody: boolean): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(withoutBody ? undefined : new Uint8Array(await answer.arrayBuffer()));
}
