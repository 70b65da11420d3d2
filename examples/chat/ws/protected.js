// A chat: what one client says, all hear. A client is let in with a valid token and stays until the token expires, or for as long as it
// sends the next one in time: `/token eyJ...`.
import { createServer } from 'node:http';
import { approov } from 'approov-guard/websocket';
import { WebSocket, WebSocketServer } from 'ws';

const host = process.env.SERVER_HOSTNAME ?? '127.0.0.1';
const port = Number(process.env.HTTP_PORT ?? 8002);
const keys = { secret: { base64: process.env.APPROOV_BASE64_SECRET } };
const RENEW = '/token ';

const sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
sockets.on('connection', (socket, request) => {
  // The cast holds: the guard let this request in.
  const { approovConnection } = /** @type {import('approov-guard/websocket').AdmittedRequest} */ (request);
  socket.on('message', async (data) => {
    const text = data.toString();
    if (text.startsWith(RENEW)) {
      const { action } = await approovConnection.renew(text.slice(RENEW.length));
      socket.send(action === 'pass' ? '/renewed' : '/refused');
      return;
    }
    for (const client of sockets.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
  });
});

const server = createServer((_req, res) => res.writeHead(426).end());
server.on('upgrade', approov({ keys }, sockets));
server.listen(port, host, () => console.log(`Listening on ws://${host}:${port}`));
