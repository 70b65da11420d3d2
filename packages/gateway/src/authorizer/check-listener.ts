/** `envoy.service.auth.v3.Authorization/Check`: where Envoy asks over gRPC. */
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type ListenAddress, listenOn } from '../listen-address.ts';
import { followCertificate, readCertificate } from '../service/certificate.ts';
import type { Answer } from './answer.ts';
import { type CheckRequest, CheckView } from './check-view.ts';

/** What is answered: the headers of a request that passes, or a whole refusal. */
export interface Checked {
  readonly passes: boolean;
  readonly answer: Answer;
  /** Names of the client's headers that go no further. */
  readonly removed: readonly string[];
}

/** Answers a question; `null` for one that cannot be read. It never throws. */
export type Check = (view: CheckView | null, peer: string | null) => Promise<Checked>;

/** Envoy's messages, as far as they are read and written. Of what is read all texts are bytes; a map is a list of keys and values. */
const field = (id: number, type: string): object => ({ id, type });
const list = (id: number, type: string): object => ({ id, type, rule: 'repeated' });
const MESSAGES = {
  CheckRequest: { attributes: field(1, 'Attributes') },
  Attributes: { request: field(4, 'Request') },
  Request: { http: field(2, 'Http') },
  Http: {
    method: field(2, 'bytes'),
    headers: list(3, 'Field'),
    path: field(4, 'bytes'),
    host: field(5, 'bytes'),
    scheme: field(6, 'bytes'),
    query: field(7, 'bytes'),
    fragment: field(8, 'bytes'),
    body: field(11, 'bytes'),
    rawBody: field(12, 'bytes'),
    headerMap: field(13, 'Fields'),
  },
  Fields: { headers: list(1, 'Field') },
  Field: { key: field(1, 'bytes'), value: field(2, 'bytes'), rawValue: field(3, 'bytes') },
  CheckResponse: { status: field(1, 'Status'), deniedResponse: field(2, 'Denied'), okResponse: field(3, 'Ok') },
  Status: { code: field(1, 'int32') },
  Denied: { status: field(1, 'HttpStatus'), headers: list(2, 'Written'), body: field(3, 'string') },
  HttpStatus: { code: field(1, 'int32') },
  Ok: { headers: list(2, 'Written'), headersToRemove: list(5, 'string') },
  Written: { header: field(1, 'Text'), append: field(2, 'Flag'), appendAction: field(3, 'int32'), keepEmptyValue: field(4, 'bool') },
  Text: { key: field(1, 'string'), value: field(2, 'string') },
  Flag: { value: field(1, 'bool') },
};
const SERVICE = { methods: { Check: { requestType: 'CheckRequest', responseType: 'CheckResponse' } } };
const PACKAGE = ['envoy', 'service', 'auth', 'v3'];
const [OK, PERMISSION_DENIED] = [0, 7];
const OVERWRITE = 2;

/** Headers of a request, and what else is in a message besides the body. */
const HEAD_BYTES = 262_144;

/** How long a handshake of TLS may take. */
const HANDSHAKE_MS = 10_000;

/** The listener. Messages, and how many of them are under way on a connection, are bounded. */
export class CheckListener {
  readonly #check: Check;
  readonly #maxBodyBytes: number;
  readonly #sockets: Set<Socket> = new Set();
  readonly #server: NetServer;
  readonly #stopWatching: () => void;
  readonly #isEncrypted: boolean;
  #shutdown: () => void = () => undefined;
  #drain: () => void = () => undefined;

  /**
   * @param check - answers questions
   * @param maxBodyBytes - the longest body of a client's request that may come along
   * @param tls - certificate and key, or `null` for plain text
   * @param certificateProblem - told of a changed pair that cannot be used
   */
  constructor(check: Check, maxBodyBytes: number, tls: ListenAddress['tls'], certificateProblem: (error: Error) => void) {
    this.#check = check;
    this.#maxBodyBytes = maxBodyBytes;
    this.#isEncrypted = tls !== null;
    if (tls === null) {
      this.#server = createServer();
      this.#stopWatching = () => undefined;
      return;
    }
    const bounds = { minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS, ALPNProtocols: ['h2'] } as const;
    const server = createTlsServer({ ...bounds, ...readCertificate(tls) });
    this.#server = server;
    this.#stopWatching = followCertificate(server, tls, certificateProblem);
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Starts listening. Answers where: the port may have been 0. */
  async listen(address: ListenAddress): Promise<string> {
    // Imported only here: no other dialect needs it.
    const [{ Server, ServerCredentials }, { fromJSON }] = await Promise.all([import('@grpc/grpc-js'), import('@grpc/proto-loader')]);
    const types = Object.fromEntries(Object.entries(MESSAGES).map(([name, fields]) => [name, { fields }]));
    const nested = PACKAGE.reduceRight<object>((inner, name) => ({ [name]: { nested: inner } }), { ...types, Authorization: SERVICE });
    const { Check } = fromJSON({ nested } as Parameters<typeof fromJSON>[0])[`${PACKAGE.join('.')}.Authorization`] as unknown as Service;
    const grpc = new Server({
      'grpc.max_receive_message_length': this.#maxBodyBytes + HEAD_BYTES,
      'grpc.max_concurrent_streams': 250,
      'grpc.enable_channelz': 0,
    });
    const read = (bytes: Buffer): { readonly question: CheckRequest | null } => {
      try {
        return { question: Check.requestDeserialize(bytes) };
      } catch {
        return { question: null };
      }
    };
    grpc.addService({ Check: { ...Check, requestDeserialize: read } } as never, {
      Check: (call: { request: ReturnType<typeof read>; getPeer(): string }, done: (error: null, response: object) => void) => {
        const { question } = call.request;
        void this.#check(question === null ? null : new CheckView(question), addressOf(call.getPeer())).then((checked) =>
          done(null, responseOf(checked)),
        );
      },
    });
    const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.#drain = () => injector.drain(60_000);
    this.#shutdown = () => grpc.forceShutdown();
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (!this.#isEncrypted) injector.injectConnection(socket);
    });
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      // RFC 9113 §3.2: HTTP/2 over TLS is agreed on, never assumed.
      if (socket.alpnProtocol === 'h2') injector.injectConnection(socket);
      else socket.destroy();
    });
    return listenOn(this.#server, address, 'authorizer.listen');
  }

  /** Takes no more connections and no more questions. What was asked is answered. */
  async stop(): Promise<void> {
    this.#stopWatching();
    this.#server.close();
    this.#drain();
  }

  /** Ends every connection. */
  end(): void {
    this.#shutdown();
    for (const socket of this.#sockets) socket.destroy();
  }
}

interface Service {
  readonly Check: { readonly requestDeserialize: (bytes: Buffer) => CheckRequest };
}

/** A peer without its port; `null` for one on a Unix socket, which has no address. */
function addressOf(peer: string): string | null {
  return peer === 'unknown' ? null : peer.replace(/:\d+$/, '');
}

function responseOf({ passes, answer, removed }: Checked): object {
  const { status, headers, body } = answer;
  // Envoy goes by `append`, and by the action where that is left out.
  const written = Object.entries(headers).map(([key, value]) => ({
    header: { key, value },
    append: { value: false },
    appendAction: OVERWRITE,
    keepEmptyValue: true,
  }));
  return passes
    ? { status: { code: OK }, okResponse: { headers: written, headersToRemove: removed } }
    : { status: { code: PERMISSION_DENIED }, deniedResponse: { status: { code: status }, headers: written, body } };
}
