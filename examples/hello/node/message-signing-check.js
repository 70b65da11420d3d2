import { createServer } from 'node:http';
import { approov } from 'approov-guard/node';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

/** @type {import('node:http').RequestListener} */
function hello(req, res) {
  const found = req.url === '/';
  res.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
  res.end(JSON.stringify(found ? { message: 'Hello, World!' } : {}));
}

const server = createServer(approov({ keys, signature: {} }, hello));
server.listen(port, host, () => console.log(`Listening on http://${host}:${port}`));
