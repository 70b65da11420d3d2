import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);

const app = new Hono();
app.get('/', (c) => c.json({ message: 'Hello, World!' }));

serve({ fetch: app.fetch, port, hostname: host }, () => console.log(`Listening on http://${host}:${port}`));
