import { approov } from 'approov-guard/fastify';
import Fastify from 'fastify';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

const app = Fastify();
app.addHook('onRequest', approov({ keys, signature: {} }));
app.get('/', async () => ({ message: 'Hello, World!' }));

await app.listen({ port, host });
console.log(`Listening on http://${host}:${port}`);
