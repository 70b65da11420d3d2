import { createServer } from 'node:http';
import { approov } from 'approov-guard/websocket';
import { WebSocketServer } from 'ws';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };

const sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
sockets.on('connection', (socket) => {
  socket.on('message', (data) => socket.send(data.toString()));
});

const server = createServer((_req, res) => res.writeHead(426).end());
server.on('upgrade', approov({ keys, binding: { headers: ['authorization'] } }, sockets));
server.listen(port, host, () => console.log(`Listening on ws://${host}:${port}`));
