// Bun serves this module as it is. On Node, `npm run example` puts it on a socket.
import { Elysia } from 'elysia';

const app = new Elysia();
app.get('/', () => ({ message: 'Hello, World!' }));

export default app;
