/** Several processes behind the same listeners. The first one starts them, keeps them running, and answers for all of them. */
import cluster, { type Worker } from 'node:cluster';
import type { OrderAnswer } from '@approov-guard/rollout';
import { ConfigurationError } from 'approov-guard';
import type { ListenAddress } from '../listen-address.ts';
import { AdminListener, type Order, type Readiness } from './admin.ts';
import type { Gateway } from './gateway.ts';
import { type Counts, exposition, summed } from './metrics.ts';

/** What a worker is asked. */
type Question = 'counts' | 'ready' | 'policy' | 'reload' | 'drain' | Order;
type ToWorker = { readonly ask: Question; readonly id: number };
type FromWorker =
  | { readonly listening: readonly string[] }
  | { readonly failed: string }
  | { readonly id: number; readonly answer: unknown };

/** A worker that does not answer within this time is not ready, and is not counted. */
const ANSWER_MS = 2000;
/** A worker that ended is followed by another one after this time: one that ends at once must not take the machine. */
const PAUSE_MS = 1000;

/** The workers, as their first process sees them. */
export class Workers {
  readonly #note: (note: string) => void;
  readonly #waiting: Map<number, (answer: unknown) => void> = new Map();
  #admin: AdminListener | null = null;
  #next = 0;
  #ending = false;

  constructor(note: (note: string) => void) {
    this.#note = note;
  }

  /**
   * Starts them. Answers where they listen, once all do.
   * @throws ConfigurationError with what the first of them says that cannot start
   */
  async start(count: number, admin: ListenAddress | null): Promise<{ readonly urls: readonly string[]; readonly adminUrl: string | null }> {
    const started = await Promise.all(Array.from({ length: count }, () => this.#fork()));
    cluster.on('exit', (_worker, code, signal) => {
      if (this.#ending) return;
      this.#note(`a worker ended (${signal ?? code}); another one follows`);
      setTimeout(() => void this.#fork().catch((error: Error) => this.#note(error.message)), PAUSE_MS).unref();
    });
    if (admin === null) return { urls: started[0] ?? [], adminUrl: null };
    this.#admin = new AdminListener({
      ready: () => this.#ready(),
      metrics: async () => exposition(summed(((await this.#askAll('counts')) as (Counts | null)[]).map((counts) => counts ?? {}))),
      policy: async () => ((await this.#askAll('policy'))[0] ?? {}) as object,
      order: async (order) => worst((await this.#askAll(order)) as readonly (OrderAnswer | null)[]),
    });
    return { urls: started[0] ?? [], adminUrl: await this.#admin.listen(admin) };
  }

  /** Has each of them read the policy again. */
  async reload(): Promise<void> {
    await this.#askAll('reload');
  }

  /** Hands a signal on. */
  signal(name: NodeJS.Signals): void {
    for (const worker of workers()) worker.process.kill(name);
  }

  /** Has each of them drain, and waits until all have ended. */
  async drain(): Promise<void> {
    this.#ending = true;
    const ended = workers().map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of workers()) worker.send({ ask: 'drain', id: 0 } satisfies ToWorker);
    await Promise.all(ended);
    this.#admin?.close();
  }

  #fork(): Promise<readonly string[]> {
    const worker = cluster.fork();
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if ('listening' in message) resolve(message.listening);
        else if ('failed' in message) {
          this.#ending = true;
          for (const other of workers()) other.kill();
          reject(new ConfigurationError('option-invalid', 'gateway', message.failed));
        } else this.#waiting.get(message.id)?.(message.answer);
      });
      worker.once('exit', () => reject(new Error('a worker ended before it listened')));
    });
  }

  async #ready(): Promise<Readiness> {
    const answers = (await this.#askAll('ready')) as (Readiness | null)[];
    const checks = answers.map((answer, index) => [`worker ${index + 1}`, answer?.checks ?? { worker: 'does not answer' }] as const);
    const flat = checks.flatMap(([worker, found]) => Object.entries(found).map(([name, text]) => [`${worker}: ${name}`, text] as const));
    return { ready: answers.length > 0 && answers.every((answer) => answer?.ready === true), checks: Object.fromEntries(flat) };
  }

  #askAll(ask: Question): Promise<readonly unknown[]> {
    return Promise.all(workers().map((worker) => this.#ask(worker, ask)));
  }

  #ask(worker: Worker, ask: Question): Promise<unknown> {
    const id = ++this.#next;
    return new Promise((resolve) => {
      const settle = (answer: unknown): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(null), ANSWER_MS);
      this.#waiting.set(id, settle);
      if (worker.isConnected()) worker.send({ ask, id } satisfies ToWorker);
      else settle(null);
    });
  }
}

/** An order counts as obeyed if all obeyed. */
function worst(answers: readonly (OrderAnswer | null)[]): OrderAnswer {
  const silent: OrderAnswer = { status: 503, body: { error: 'a worker does not answer' } };
  return answers.map((answer) => answer ?? silent).reduce((one, other) => (other.status > one.status ? other : one), answers[0] ?? silent);
}

function workers(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Runs a gateway as a worker: what it is asked comes from the first process, and its end from there, too. */
export async function serveAsWorker(start: () => Promise<Gateway>): Promise<void> {
  const tell = (message: FromWorker): void => void process.send?.(message);
  // A terminal and some supervisors signal all processes at once; the first process says when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
  let gateway: Gateway;
  try {
    gateway = await start();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    tell({ failed: error.message });
    return;
  }
  tell({ listening: gateway.urls });
  await new Promise<void>((resolve) => {
    const drain = (): void => void gateway.drain().then(resolve);
    process.once('disconnect', drain);
    process.on('message', ({ ask, id }: ToWorker) => {
      if (ask === 'drain') drain();
      else void answerTo(ask, gateway).then((answer) => tell({ id, answer }));
    });
  });
  process.disconnect?.();
}

async function answerTo(ask: Exclude<Question, 'drain'>, gateway: Gateway): Promise<unknown> {
  if (ask === 'counts') return gateway.counts();
  if (ask === 'ready') return gateway.ready();
  if (typeof ask === 'object') return gateway.order(ask);
  return ask === 'policy' ? gateway.shown() : gateway.reload();
}
