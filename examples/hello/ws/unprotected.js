import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);

const sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
sockets.on('connection', (socket) => {
  socket.on('message', (data) => socket.send(data.toString()));
});

const server = createServer((_req, res) => res.writeHead(426).end());
server.on('upgrade', (req, socket, head) => sockets.handleUpgrade(req, socket, head, (client) => sockets.emit('connection', client, req)));
server.listen(port, host, () => console.log(`Listening on ws://${host}:${port}`));
