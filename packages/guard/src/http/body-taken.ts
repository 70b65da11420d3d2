/** Who took a body before the guard, as far as what they left behind tells, and what to do about it. */

/** The framework that shows a request, and what it shows: parsers leave their results there. */
export interface ShownBy {
  readonly framework: 'Express' | 'Fastify' | 'hapi' | 'Koa' | 'Nest';
  /** Of Koa the context, of the others the request. */
  readonly shown: object;
}

type Shown = { readonly [name in 'body' | 'payload' | 'file' | 'files' | 'readableEncoding' | 'request']?: unknown };

const REMEDIES: { readonly [Framework in ShownBy['framework']]: string } = {
  Express: 'put the guard before body parsers, or keep the raw bytes as request.rawBody (in the option `verify` of the parser)',
  Fastify: 'put the guard before body parsers: at the hook `onRequest`, not at `preParsing`, `preValidation` or `preHandler`',
  hapi: "put the guard before body parsers: `server.ext('onPreAuth', approov(…))`",
  Koa: 'put the guard before body parsers, or keep the raw bytes as context.req.rawBody',
  Nest: 'keep the raw bytes as request.rawBody: `NestFactory.create(AppModule, { rawBody: true })`',
};

/**
 * Says it for an operator. Nothing of the body is in it.
 * @param request - Node's request
 * @param contentType - its content type, which tells parsers of one library apart
 */
export function remedyForTaken(request: object, contentType: string | undefined, shownBy: ShownBy | null): string {
  const { framework, shown } = shownBy ?? { framework: 'Express', shown: request };
  return `${takerOf(request, contentType ?? '', framework, shown)} the body before the guard: ${REMEDIES[framework]}`;
}

function takerOf(request: Shown, contentType: string, framework: ShownBy['framework'], shown: Shown): string {
  // The cast holds: nothing is said of the members.
  const left = framework === 'hapi' ? shown.payload : framework === 'Koa' ? (shown.request as Shown | undefined)?.body : shown.body;
  if (framework !== 'Express' && left !== undefined) return `${OWN_PARSER[framework]} read`;
  if (isThere(request.file) || isThere(request.files)) return 'a parser of multipart forms (multer, express-fileupload) read';
  if (left instanceof Uint8Array) return 'express.raw() or another parser that keeps bytes in request.body read';
  if (typeof left === 'string') return 'express.text() or another parser that keeps text in request.body read';
  if (left !== undefined) return `${parserOf(contentType)} read`;
  if (isThere(request.readableEncoding)) return 'request.setEncoding() turned into text';
  return "something (a parser, a proxy, request.on('data') or request.pipe()) read";
}

const OWN_PARSER: { readonly [Framework in Exclude<ShownBy['framework'], 'Express'>]: string } = {
  Fastify: 'a content type parser of Fastify',
  hapi: "hapi's payload parser",
  Koa: 'a body parser of Koa (@koa/bodyparser, koa-body)',
  Nest: "Nest's body parser",
};

function parserOf(contentType: string): string {
  if (/^multipart\//i.test(contentType)) return 'a parser of multipart forms (multer, express-fileupload)';
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) return 'express.urlencoded() or another parser of forms';
  if (/\bjson\b/i.test(contentType)) return 'express.json() or another parser of JSON';
  return 'a body parser';
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}
