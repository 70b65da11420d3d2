import { approov } from 'approov-guard/express';
import express from 'express';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

const app = express();
app.use(approov({ keys, signature: {} }));
app.get('/', (_req, res) => {
  res.json({ message: 'Hello, World!' });
});

const server = app.listen(port, host);
server.on('listening', () => console.log(`Listening on http://${host}:${port}`));
