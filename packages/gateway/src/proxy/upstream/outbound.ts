/** What is sent to a server, and who is told of its answer. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** A body on its way. */
export interface OutboundBody {
  readonly source: IncomingMessage;
  /** As the client stated it; `null`: it goes on in chunks. */
  readonly length: number | null;
  /** Names of the fields that may come after it; without a length only. */
  readonly announced: readonly string[];
  /** Those that came, names and values; called at its end. */
  readonly trailers: () => readonly string[];
  /** More bytes are not taken. */
  readonly most: number | null;
  readonly onTooLarge: () => void;
}

/** What is sent. */
export interface Outbound {
  readonly method: string;
  readonly path: string;
  /** Names and values, without those that frame the message. */
  readonly fields: readonly string[];
  readonly body: OutboundBody | null;
  /** What the connection is to become, or an empty text. */
  readonly upgrade: string;
  /** Whether the answer may have fields after its content. */
  readonly takesTrailers: boolean;
  /** How long the answer may take to begin, milliseconds. Default: the time-out of upstreams. */
  readonly withinMs?: number;
}

/** Where an answer is on its way. */
export interface Flow {
  /** Ends the exchange; its handler hears of nothing more. */
  abort(): void;
  /** Content may come again, after {@link AnswerHandler.onContent} said no. */
  resume(): void;
}

/** Who is told of an answer. After `onEnd`, `onError` or `onUpgrade` nothing more comes. */
export interface AnswerHandler {
  /** Called just before the first byte is written. */
  onSending(flow: Flow): void;
  onInformation(status: number, lines: readonly string[]): void;
  onHead(status: number, reason: string, lines: string[], alone: boolean): void;
  /** Answers whether more may come. */
  onContent(chunk: Buffer): boolean;
  onEnd(last: string | null, trailers: readonly string[]): void;
  onError(error: Error): void;
  onUpgrade?(lines: string[], socket: Duplex, first: Buffer): void;
}

/** Where the server is. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** A Unix socket in place of both, or `null`. */
  readonly socketPath: string | null;
  /** `null`: without TLS. `ca`: who vouches for it, or `null` for those of the platform. */
  readonly tls: { readonly ca: string | null } | null;
}

const NOT_IN_TARGETS = /[^\x21-\x7e\x80-\xff]/;
/** RFC 9110 §8.6: methods whose meaning expects content say that there is none. */
const EXPECTING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'PROPFIND', 'PROPPATCH', 'QUERY']);

/**
 * Request line and fields as they are sent; `null` where the target is not one. Fields are written as they are: names and values come from
 * `parseInbound`, which vouches for them, or from us.
 */
export function headOf({ method, path, fields, body, upgrade, takesTrailers }: Outbound): string | null {
  if (NOT_IN_TARGETS.test(path)) return null;
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let index = 0; index < fields.length; index += 2) {
    const value = fields[index + 1] as string;
    text += `${fields[index] as string}: ${value}\r\n`;
  }
  if (body !== null) text += body.length === null ? chunkedLines(body.announced) : `content-length: ${body.length}\r\n`;
  else if (EXPECTING.has(method)) text += 'content-length: 0\r\n';
  if (upgrade !== '') return `${text}connection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`;
  // RFC 9110 §10.1.4: it concerns one hop, and says so.
  return `${text}${takesTrailers ? 'te: trailers\r\nconnection: keep-alive, te\r\n\r\n' : 'connection: keep-alive\r\n\r\n'}`;
}

function chunkedLines(announced: readonly string[]): string {
  return `transfer-encoding: chunked\r\n${announced.length === 0 ? '' : `trailer: ${announced.join(', ')}\r\n`}`;
}

/** The end of a chunked body. */
export function lastChunk(trailers: readonly string[]): string {
  let text = '0\r\n';
  for (let index = 0; index + 1 < trailers.length; index += 2) text += `${trailers[index]}: ${trailers[index + 1]}\r\n`;
  return `${text}\r\n`;
}
