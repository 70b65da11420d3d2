/** How a proxy asks an authoriser, and what it makes of the answer: one dialect a file. */
import type { Refusal } from 'approov-guard';
import type { Answer } from '../answer.ts';
import type { AskingPolicy } from '../asking-policy.ts';

/** The proxies whose dialect is spoken. `forward-auth` is what most others do: any status, `X-Forwarded-*`. */
export const DIALECTS = ['nginx', 'traefik', 'caddy', 'envoy', 'envoy-grpc', 'haproxy', 'apisix', 'forward-auth'] as const;
/** The name of a dialect. */
export type DialectName = (typeof DIALECTS)[number];

/** Where a proxy states the client's request. */
export interface StatedIn {
  /** The header with the method; `null`: the question has the client's method. */
  readonly method: string | null;
  /** The header with the target; `null`: the question has the client's target. */
  readonly target: string | null;
  /** The header with the target that the server behind gets, where the proxy writes it again. Both are judged. Left out: there is one target. */
  readonly currentTarget?: string;
  /** The header with host and port; `null`: the question has the client's `Host`. */
  readonly authority: string | null;
  readonly scheme: string;
  /** The header with the client's `Content-Length`, `own` if the question keeps it; `null`: it is lost on the way. */
  readonly length: string | null;
}

/** One dialect. */
export interface Dialect {
  readonly name: DialectName;
  readonly statedIn: StatedIn;
  /** Whether the proxy can be told to send bodies along. */
  readonly mayForwardBodies: boolean;
  /** The header by which the proxy says that it sent the beginning of a body only. */
  readonly partialIn: string | null;
  /** Whether it asks by calls of gRPC, and not by requests of HTTP. */
  readonly overGrpc?: true;
  /** Whether its questions are heads of HTTP/1.1 without bodies, each asked when the one before was answered. */
  readonly headsOnly?: true;
  /** Whether the proxy answers refusals in its own words: then it is told the id of the judgement. */
  readonly answersItself?: true;
  /** The target by which our own configuration of the proxy asks for brief answers. */
  readonly brief?: string;
  /** The answer to a request that is refused. */
  readonly refuse: (refusal: Refusal) => Answer;
  /** The proxy's configuration: complete, commented, and asking for everything that the policy needs. */
  readonly configuration: (policy: AskingPolicy) => readonly CompiledFile[];
}

/** A file that was made of a policy. */
export interface CompiledFile {
  readonly name: string;
  readonly text: string;
}

/** What `X-Forwarded-*` states, as ForwardAuth of Traefik made it common. */
export const FORWARDED: StatedIn = {
  method: 'x-forwarded-method',
  target: 'x-forwarded-uri',
  authority: 'x-forwarded-host',
  scheme: 'x-forwarded-proto',
  length: 'x-original-content-length',
};

/** What `X-Original-*` states, where the configuration is ours. */
export const ORIGINAL: StatedIn = {
  method: 'x-original-method',
  target: 'x-original-uri',
  authority: 'x-original-host',
  scheme: 'x-original-scheme',
  length: 'x-original-content-length',
};
