import { serve } from '@hono/node-server';
import { approov } from 'approov-guard/hono';
import { Hono } from 'hono';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

const app = new Hono();
app.use(approov({ keys, binding: { headers: ['authorization'] } }));
app.get('/', (c) => c.json({ message: 'Hello, World!' }));

serve({ fetch: app.fetch, port, hostname: host }, () => console.log(`Listening on http://${host}:${port}`));
