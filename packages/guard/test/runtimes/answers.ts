/** Every part of the corpus, run against a library. */
import { type Corpus, coreSuite, type Library, type Seen } from './core-suite.ts';

/** What was seen, by part and id. */
export interface Answers {
  readonly [part: string]: { readonly [id: string]: Seen };
}

export async function answersOf(library: Library, corpora: { readonly [part: string]: Corpus }): Promise<Answers> {
  const answers: { [part: string]: { [id: string]: Seen } } = {};
  for (const [part, corpus] of Object.entries(corpora)) {
    const seen: { [id: string]: Seen } = {};
    await coreSuite(library, corpus, (id, what) => {
      seen[id] = what;
    });
    answers[part] = seen;
  }
  return answers;
}
