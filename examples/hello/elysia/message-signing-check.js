// Bun serves this module as it is. On Node, `npm run example` puts it on a socket.
import { approov } from 'approov-guard/elysia';
import { Elysia } from 'elysia';

const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
const app = new Elysia();
app.onRequest(approov({ keys, signature: {} }));
app.get('/', () => ({ message: 'Hello, World!' }));

export default app;
