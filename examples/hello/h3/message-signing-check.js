import { createServer } from 'node:http';
import { approov } from 'approov-guard/h3';
import { H3 } from 'h3';
import { toNodeHandler } from 'h3/node';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

const app = new H3();
app.use(approov({ keys, signature: {} }));
app.get('/', () => ({ message: 'Hello, World!' }));

createServer(toNodeHandler(app)).listen(port, host, () => console.log(`Listening on http://${host}:${port}`));
