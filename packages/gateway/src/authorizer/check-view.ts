/** The client's request in a question of Envoy over gRPC. Every text is read as bytes: a character stands for one. */
import type { BodyRead, RequestBody } from 'approov-guard';
import { type Asked, PARTIAL } from './asked-view.ts';

/** A header field. In `headers` Envoy has joined the lines of a name with commas, in `header_map` it has not. */
export interface Field {
  readonly key?: Uint8Array;
  readonly value?: Uint8Array;
  readonly rawValue?: Uint8Array;
}

/** What is read of a `CheckRequest`. A member that was not sent is absent. */
export interface CheckRequest {
  readonly attributes?: { readonly request?: { readonly http?: CheckedHttp | null } | null } | null;
}

/** `AttributeContext.HttpRequest`. */
interface CheckedHttp {
  readonly method?: Uint8Array;
  readonly headers?: readonly Field[];
  readonly headerMap?: { readonly headers?: readonly Field[] } | null;
  readonly path?: Uint8Array;
  readonly host?: Uint8Array;
  readonly scheme?: Uint8Array;
  readonly query?: Uint8Array;
  readonly fragment?: Uint8Array;
  readonly body?: Uint8Array;
  readonly rawBody?: Uint8Array;
}

/** A view over a question. It guesses nothing: what is missing, or is said twice and differently, is not stated. */
export class CheckView implements Asked {
  readonly message: CheckRequest;
  readonly method: string;
  readonly target: string;
  /** True where the lines of a name came joined. */
  readonly joinsLines: boolean;
  readonly #fields: ReadonlyMap<string, readonly string[]>;
  readonly #http: CheckedHttp;
  readonly #bytes: Uint8Array;

  constructor(question: CheckRequest) {
    const http = question.attributes?.request?.http ?? {};
    this.message = question;
    this.#http = http;
    this.method = latin1(http.method);
    // Envoy has the query in the path, and leaves these two empty: whoever fills them means a target that is not known here.
    this.target = latin1(http.query) + latin1(http.fragment) === '' ? latin1(http.path) : '';
    const joined = http.headers ?? [];
    this.joinsLines = joined.length > 0;
    const fields = new Map<string, string[]>();
    for (const { key, value, rawValue } of [...joined, ...(http.headerMap?.headers ?? [])]) {
      const name = latin1(key).toLowerCase();
      const line = latin1(rawValue?.length ? rawValue : value);
      const lines = fields.get(name);
      if (lines === undefined) fields.set(name, [line]);
      else lines.push(line);
    }
    this.#fields = fields;
    this.#bytes = http.rawBody?.length ? http.rawBody : (http.body ?? new Uint8Array());
  }

  /** The names of the client's headers, lower case. */
  get names(): readonly string[] {
    return [...this.#fields.keys()].filter((name) => name !== '' && !name.startsWith(':'));
  }

  lines(name: string): readonly string[] {
    const lines = this.#fields.get(name) ?? [];
    if (name === 'host') return [...new Set([latin1(this.#http.host), ...lines])].filter((line) => line !== '');
    if (name === 'x-forwarded-proto' && lines.length === 0) return [latin1(this.#http.scheme)];
    return name === PARTIAL && this.#isShort ? ['true'] : lines;
  }

  /** Fewer or more bytes than the client says that it sends are not its body, whatever else is said of them. */
  get #isShort(): boolean {
    const lines = this.#fields.get('content-length');
    return lines?.some((line) => line !== String(this.#bytes.length)) === true;
  }

  get body(): RequestBody {
    const bytes = this.#bytes;
    const read = (maxBytes: number): BodyRead =>
      bytes.length > maxBytes ? { outcome: 'too-large' } : { outcome: 'read', chunks: bytes.length === 0 ? [] : [bytes] };
    return { present: bytes.length > 0, read };
  }
}

function latin1(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
