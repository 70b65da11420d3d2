/** How the vendor's Node and Python samples answer, as their repositories say: status and body for each class of failure. */
import type { FailureClass } from './failure-class.ts';

/** `passed`: the request reaches the handler. `null`: it is not written down. */
export type SampleAnswer = 'passed' | `${number} ${string}` | 'status UNKNOWN' | null;

export interface SampleModel {
  readonly name: string;
  readonly language: 'Node' | 'Python' | 'Node and Python';
  readonly answers: { readonly [Class in FailureClass]: SampleAnswer };
}

const EMPTY = '401 {}';

/** A sample that says the same to everything but what it overlooks. */
function uniform(answer: SampleAnswer, expiry: SampleAnswer, unbound: SampleAnswer = answer): SampleModel['answers'] {
  return {
    'token missing': answer,
    'token malformed': answer,
    'signature bad': answer,
    'token expired': answer,
    'no expiry': expiry,
    'pay missing': unbound,
    'bound header missing': answer,
    'binding mismatch': answer,
  };
}

const hello = uniform(EMPTY, 'passed');
const nest = '401 JSON: Unauthorized Access';
const refactored = '401 {"error":"unauthorized","message":…}';
const worker = '401 text: unauthorized';
const status = (text: string): SampleAnswer => `400 {"status":"${text}"}`;
const invalidToken = status('invalid approov token');
const forbidden = '403 {"message":"Forbidden"}';

export const SAMPLES: readonly SampleModel[] = [
  { name: 'nodejs', language: 'Node', answers: hello },
  { name: 'nodejs, refactored', language: 'Node', answers: uniform(refactored, refactored) },
  { name: 'express', language: 'Node', answers: hello },
  { name: 'koa', language: 'Node', answers: hello },
  { name: 'nestjs', language: 'Node', answers: uniform(nest, nest) },
  { name: 'documentation snippets', language: 'Node and Python', answers: uniform(EMPTY, null, 'passed') },
  { name: 'cloudflare worker', language: 'Node', answers: uniform(worker, null) },
  {
    name: 'grpc',
    language: 'Node',
    answers: { ...uniform('status UNKNOWN', null, 'passed'), 'bound header missing': null },
  },
  {
    name: 'aws http-api',
    language: 'Node and Python',
    answers: {
      ...uniform(forbidden, null, 'passed'),
      'token missing': '401 {"message":"Unauthorized"}',
      // It has no binding check.
      'bound header missing': 'passed',
      'binding mismatch': 'passed',
    },
  },
  {
    name: 'express shapes',
    language: 'Node',
    answers: { ...hello, 'token missing': '400 {}', 'pay missing': '400 {}', 'bound header missing': '400 {}' },
  },
  {
    name: 'demo shapes (koa)',
    language: 'Node',
    answers: {
      ...uniform(invalidToken, null, 'passed'),
      'token missing': status('missing approov token'),
      'bound header missing': status('missing bearer authentication'),
      'binding mismatch': status('approov token pay claim mismatch'),
    },
  },
  { name: 'python', language: 'Python', answers: hello },
  { name: 'flask', language: 'Python', answers: hello },
  { name: 'fastapi', language: 'Python', answers: hello },
  { name: 'django', language: 'Python', answers: hello },
  { name: 'flask shapes', language: 'Python', answers: { ...hello, 'token missing': '400 {}', 'bound header missing': '400 {}' } },
];
