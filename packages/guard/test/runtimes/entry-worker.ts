/** The suite as a Worker: the corpus is posted, the answers come back. workerd has no `verify` in `node:crypto`, so there is one port. */
// @ts-expect-error
import { crypto as webPort } from '#built/crypto/web.js';
// @ts-expect-error
import { createGuardOn } from '#built/guard/create-guard.js';
import { type Answers, answersOf } from './answers.ts';
import { libraries } from './libraries.ts';

export default {
  async fetch(request: Request): Promise<Response> {
    const corpora = (await request.json()) as Parameters<typeof answersOf>[1];
    const answers: { [library: string]: Answers } = {};
    for (const [name, library] of Object.entries(libraries({ ports: { WebCrypto: webPort }, createGuardOn })))
      answers[name] = await answersOf(library, corpora);
    return Response.json(answers);
  },
};
