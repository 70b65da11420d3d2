/** `holding.mjs PORT`: takes upgrades and keeps them, and reads bodies as they come. */
import { createServer } from 'node:http';

createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}'));
})
  .on('upgrade', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.resume();
  })
  .listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
