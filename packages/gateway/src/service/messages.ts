/**
 * The request and the response of Node's server, without the work that a proxy has no use for: it reads `rawHeaders`, and mostly has head and
 * content of an answer at once ([why](../../../../docs/decisions/0012-answers-past-nodes-response.md)). Whatever is not the usual case goes Node's own
 * way.
 */
import { IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import { hasNoContent } from '../proxy/fields.ts';

/** Node's own, which makes an object of all fields. */
const fieldsByName = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');

/** What Node calls when an answer is over whose request nobody read. */
const pull = (IncomingMessage.prototype as unknown as { _dump?: (this: IncomingMessage) => void })._dump;

/** The fields by name: made when somebody asks for any but `expect`, which is all that Node's server asks for itself. */
class LazyFields implements ProxyHandler<object> {
  readonly #request: IncomingMessage;
  #made: object | null = null;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get #fields(): object {
    this.#made ??= fieldsByName?.get?.call(this.#request) as object;
    return this.#made;
  }

  get(_target: object, name: string | symbol): unknown {
    if (name === 'expect' && this.#made === null && !hasExpectation(this.#request.rawHeaders)) return undefined;
    return Reflect.get(this.#fields, name);
  }

  set(_target: object, name: string | symbol, value: unknown): boolean {
    return Reflect.set(this.#fields, name, value);
  }

  has(_target: object, name: string | symbol): boolean {
    return Reflect.has(this.#fields, name);
  }

  deleteProperty(_target: object, name: string | symbol): boolean {
    return Reflect.deleteProperty(this.#fields, name);
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#fields);
  }

  getOwnPropertyDescriptor(_target: object, name: string | symbol): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.#fields, name);
  }
}

function hasExpectation(lines: readonly string[]): boolean {
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    if (name.length === 6 && name.toLowerCase() === 'expect') return true;
  }
  return false;
}

/** A request. */
export class GatewayRequest extends IncomingMessage {
  shown: object | null = null;

  /** There is nothing to pull off the wire where the request came whole and had no content. */
  _dump(): void {
    if (!this.complete || this.readableLength > 0) pull?.call(this);
  }
}

if (fieldsByName !== undefined)
  Object.defineProperty(GatewayRequest.prototype, 'headers', {
    configurable: true,
    get(this: GatewayRequest): object {
      this.shown ??= new Proxy({}, new LazyFields(this));
      return this.shown;
    },
    set(this: GatewayRequest, value: object): void {
      this.shown = value;
    },
  });

/** A response. */
export class GatewayResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  declare _header?: string;
  declare _headerSent?: boolean;

  /** What Node says of a connection that stays, with the end of the head. */
  get kept(): string {
    return 'Connection: keep-alive\r\n\r\n';
  }

  /**
   * Sends head and content as one text, if the answer is a usual one: framed by a length or without content, on a connection that stays, and the
   * first in line. Answers whether it did.
   * @param lines - names and values, whose form was checked
   * @param content - a character for each byte
   */
  writeWhole(status: number, reason: string, lines: readonly string[], content: string): boolean {
    const { socket } = this;
    if (socket === null || !this.shouldKeepAlive || this.headersSent || !socket.writable) return false;
    let text = `HTTP/1.1 ${status} ${reason === '' ? (STATUS_CODES[status] ?? '') : reason}\r\n`;
    let isDated = false;
    let isFramed = hasNoContent(status) || this.req.method === 'HEAD';
    const hasContent = !isFramed;
    for (let index = 0; index < lines.length; index += 2) {
      // The casts hold: the list has a value after each name.
      const name = lines[index] as string;
      if (name.length === 4) isDated ||= name.toLowerCase() === 'date';
      else if (name.length === 14) isFramed ||= name.toLowerCase() === 'content-length';
      text += `${name}: ${lines[index + 1] as string}\r\n`;
    }
    if (!isFramed) return false;
    if (!isDated) text += `Date: ${dateNow()}\r\n`;
    text += hasContent ? this.kept + content : this.kept;
    this.statusCode = status;
    // What Node would have noted. Its server goes on when it hears `finish`.
    this._header = text;
    this._headerSent = true;
    this.finished = true;
    socket.write(text, 'latin1', (error) => {
      if (error === null || error === undefined) this.emit('finish');
    });
    return true;
  }
}

/** The same, with what is said of a connection that stays so long. */
export function responseOf(idleMs: number): typeof GatewayResponse {
  const seconds = Math.floor(idleMs / 1000);
  const kept = `Connection: keep-alive\r\n${seconds > 0 ? `Keep-Alive: timeout=${seconds}\r\n` : ''}\r\n`;
  return class<Request extends IncomingMessage = IncomingMessage> extends GatewayResponse<Request> {
    override get kept(): string {
      return kept;
    }
  };
}

let [second, date] = [0, ''];

/** RFC 9110 §5.6.7, made once a second. */
function dateNow(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) [second, date] = [now, new Date(now * 1000).toUTCString()];
  return date;
}
