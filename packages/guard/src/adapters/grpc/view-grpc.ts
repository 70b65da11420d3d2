/** A request view over a gRPC call. Metadata are its field lines (HTTP/2 joins repeated ones), and the body is not seen: messages are a stream. */
import type { RequestBody, RequestView } from '../../core/request-view.ts';

/** What is needed of a call: satisfied by `ServerInterceptingCallInterface` of `@grpc/grpc-js`. */
export interface GrpcCall {
  start(listener: GrpcListener): void;
  sendStatus(status: { readonly code: number; readonly details: string }): void;
  getHost(): string;
  getAuthContext(): { readonly transportSecurityType?: string | undefined };
  getConnectionInfo?(): { readonly remoteAddress?: string | undefined };
}

/** What is told of a call. */
export interface GrpcListener {
  onReceiveMetadata(metadata: GrpcMetadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveHalfClose(): void;
  onCancel(): void;
}

/** Metadata: values are texts, except for names in `-bin`. */
export interface GrpcMetadata {
  get(name: string): readonly (string | Uint8Array)[];
}

const UNSEEN = { outcome: 'gone', remedy: "a gRPC call has no body to compare a digest with: say `digest: 'delegated'`" } as const;

/** Reads from metadata. */
export class GrpcRequestView implements RequestView {
  readonly method = 'POST';
  readonly joinsLines = true;
  /** Every call has messages, which come later. */
  readonly body: RequestBody = { present: true, read: () => UNSEEN };
  /** `/package.Service/Method`. */
  readonly target: string;
  readonly scheme: string;
  readonly authority: string;
  readonly peer: string | null;
  readonly message: object;
  readonly #metadata: GrpcMetadata;

  constructor(call: GrpcCall, path: string, metadata: GrpcMetadata) {
    this.target = path;
    this.scheme = call.getAuthContext().transportSecurityType === 'ssl' ? 'https' : 'http';
    this.authority = call.getHost();
    this.peer = call.getConnectionInfo?.().remoteAddress ?? null;
    this.message = metadata;
    this.#metadata = metadata;
  }

  lines(name: string): readonly string[] {
    return this.#metadata.get(name).filter((value) => typeof value === 'string');
  }
}
