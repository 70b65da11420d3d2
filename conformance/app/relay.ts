/**
 * Gives every setup a port of its own where one built server hosts them all: what comes in goes on to that server byte by byte, with one more
 * header line, which names the setup.
 */
import { connect, createServer, type Socket } from 'node:net';
import { SETUP_HEADER } from './hosted-setup.ts';

const LINE_END = Buffer.from('\r\n');

/** A relay that listens. */
export interface Relay {
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Starts a relay.
 * @param port - where the server listens
 * @param setup - the value of the line that is added after the request line
 */
export async function startRelay(port: number, setup: string): Promise<Relay> {
  const added = Buffer.from(`${SETUP_HEADER}: ${setup}\r\n`);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    join(client, port, added);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay listens on no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: async () => {
      for (const client of open) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One request comes on a connection. */
function join(client: Socket, port: number, added: Buffer): void {
  const server = connect(port, '127.0.0.1');
  let head: Buffer | null = Buffer.alloc(0);
  client.on('data', (data) => {
    if (head === null) return forward(client, server, data);
    head = Buffer.concat([head, data]);
    const end = head.indexOf(LINE_END);
    if (end < 0) return;
    forward(client, server, Buffer.concat([head.subarray(0, end + LINE_END.length), added, head.subarray(end + LINE_END.length)]));
    head = null;
  });
  client.on('error', () => server.destroy());
  client.on('close', () => server.destroy());
  server.on('data', (data) => client.write(data));
  // A server that refuses may close while the body is still under way: what it answered has to arrive.
  server.on('error', () => client.end());
  server.on('close', () => client.end());
}

function forward(from: Socket, to: Socket, data: Buffer): void {
  if (to.destroyed || to.write(data)) return;
  from.pause();
  to.once('drain', () => from.resume());
}
