import { createServer } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Serves a web-standard handler with node:http.
 * @param {(request: Request) => Response | Promise<Response>} handler
 * @param {{ port: number, host: string }} address
 */
export function serve(handler, { port, host }) {
  const origin = `http://${host}:${port}`;
  const server = createServer(async (req, res) => {
    try {
      const request = toRequest(req, origin);
      const response = request === null ? new Response(null, { status: 400 }) : await handler(request);
      const body = Buffer.from(await response.arrayBuffer());
      res.writeHead(response.status, Object.fromEntries(response.headers)).end(body);
    } catch (error) {
      console.error(error);
      res.writeHead(500).end();
    }
  });
  return server.listen(port, host, () => console.log(`Listening on http://${host}:${port}`));
}

/**
 * @param {import('node:http').IncomingMessage} req
 * @param {string} origin
 */
function toRequest(req, origin) {
  const url = `${origin}${req.url}`;
  if (!req.url?.startsWith('/') || !URL.canParse(url)) return null;
  const headers = new Headers();
  // Line by line: `req.headers` would drop the second of two Authorization lines.
  for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i] ?? '', req.rawHeaders[i + 1] ?? '');
  const method = req.method ?? 'GET';
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  const content = { body: /** @type {ReadableStream} */ (Readable.toWeb(req)), duplex: 'half' };
  return new Request(url, { method, headers, ...content });
}
