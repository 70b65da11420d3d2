/** A command line from words to an answer: through the running server where there is one, else on the state file itself. */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Cloud } from '../cloud.ts';
import { CloudError, type CloudErrorCode } from '../cloud-error.ts';
import { cloudServer } from '../http/serve.ts';
import { lockName, takeLock } from '../state/lock.ts';
import { fileStore, keptState, stateFileName } from '../state/state-file.ts';
import { type ReadFile, readCall } from './read-call.ts';
import { runVerb } from './run-verb.ts';
import type { VerbAnswer, VerbCall } from './verb.ts';

/** What {@link runCommand} takes. */
export interface CommandOptions {
  /** The words after `approov`: `['api', '-add', 'api.example.com']`. */
  readonly argv: readonly string[];
  /** The state file; made if it is not there. */
  readonly state: string;
  /** The variable `APPROOV_ROLE`. */
  readonly role?: string | undefined;
  /** Where the server would listen, for the addresses that verbs print. */
  readonly url: string;
  readonly readFile: ReadFile;
  /** The clock, milliseconds since the epoch. */
  readonly now: () => number;
}

/** Other commands hold the state for a moment. So many times a command asks again, this far apart. */
const [ATTEMPTS, PAUSE_MS] = [400, 25];

/**
 * Runs one verb of the vendor's command line. Where a cloud runs on the state file it does the work; else this process takes the file's lock.
 * @throws CloudError for whatever is wrong
 */
export async function runCommand(options: CommandOptions): Promise<VerbAnswer> {
  const call = readCall(options.argv, options.role, options.readFile);
  const file = stateFileName(options.state);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const answer = (await onFile(call, file, options)) ?? (await onServer(call, file));
    if (answer !== null) return answer;
    await delay(PAUSE_MS);
  }
  throw new CloudError('state-in-use', `${file} is in use by another command. Try again.`);
}

/** Runs it here, or answers `null` where somebody else holds the state. */
async function onFile(call: VerbCall, file: string, { url, now }: CommandOptions): Promise<VerbAnswer | null> {
  const holder = cloudServer({ cloud: () => null, url: () => url, hostNames: [], closing: new AbortController().signal });
  try {
    await takeLock(holder, file);
  } catch (error) {
    if (error instanceof CloudError && error.code === 'state-in-use') return null;
    throw error;
  }
  try {
    const cloud = new Cloud(fileStore(file, 'local'), now);
    return await runVerb(call, { cloud, url, running: false });
  } finally {
    holder.close();
    holder.closeAllConnections();
  }
}

/** Lets the holder of the state run it, or answers `null` where that one is busy or gone. */
async function onServer(call: VerbCall, file: string): Promise<VerbAnswer | null> {
  const kept = keptState(file);
  if (kept === null) return null;
  const answer = await posted(lockName(file), JSON.stringify(call), kept.adminKey);
  if (answer === null || answer.status === 503) return null;
  const content: { readonly error?: { readonly code: CloudErrorCode; readonly message: string } } = JSON.parse(answer.text);
  if (content.error !== undefined) throw new CloudError(content.error.code, content.error.message);
  // The cast holds: the route answers what runVerb does.
  return content as unknown as VerbAnswer;
}

function posted(socketPath: string, body: string, adminKey: string): Promise<{ status: number; text: string } | null> {
  return new Promise((done) => {
    const headers = {
      Host: 'localhost',
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      Authorization: `Bearer ${adminKey}`,
    };
    const outgoing = request({ socketPath, path: '/admin/verb', method: 'POST', headers, agent: false }, async (response) => {
      let text = '';
      try {
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        done({ status: response.statusCode ?? 0, text });
      } catch {
        done(null);
      }
    });
    outgoing.once('error', () => done(null));
    outgoing.end(body);
  });
}
