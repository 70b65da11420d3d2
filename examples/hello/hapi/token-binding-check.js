import { server as createServer } from '@hapi/hapi';
import { approov } from 'approov-guard/hapi';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

const server = createServer({ port, host });
server.ext('onPreAuth', approov({ keys, binding: { headers: ['authorization'] } }));
server.route({ method: 'GET', path: '/', handler: () => ({ message: 'Hello, World!' }) });

await server.start();
console.log(`Listening on http://${host}:${port}`);
