/** Starts workerd on a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { end, endsWithUs } from './ends-with-us.ts';

/** A running workerd. */
export interface StartedWorker {
  readonly origin: string;
  close(): Promise<void>;
}

/** What is started. */
export interface WorkerProgram {
  /** The path of workerd. */
  readonly program: string;
  /** Where the configuration is written. */
  readonly folder: string;
  /** The path of the bundled Worker. */
  readonly module: string;
  readonly flags?: readonly string[];
  /** Texts that the Worker finds in its environment. */
  readonly bindings?: { readonly [name: string]: string };
  /** The class of Durable Objects that the Worker exports and finds in its environment by its name. */
  readonly durableObject?: string;
}

/** Starts it. */
export async function startWorker({
  program,
  folder,
  module,
  flags = [],
  bindings = {},
  durableObject,
}: WorkerProgram): Promise<StartedWorker> {
  const texts = Object.entries(bindings).map(([name, text]) => {
    writeFileSync(join(folder, `${name}.txt`), text);
    return `(name = "${name}", text = embed "${name}.txt")`;
  });
  const objects =
    durableObject === undefined
      ? ''
      : `durableObjectNamespaces = [(className = "${durableObject}", uniqueKey = "test")],
  durableObjectStorage = (inMemory = void),`;
  if (durableObject !== undefined) texts.push(`(name = "${durableObject}", durableObjectNamespace = "${durableObject}")`);
  const config = join(folder, 'config.capnp');
  writeFileSync(config, configOf(relative(folder, module), flags, texts, objects));
  const child = endsWithUs(spawn(program, ['serve', config, '--control-fd=1'], { stdio: ['ignore', 'pipe', 'pipe'] }));
  const port = await portOf(child);
  return { origin: `http://127.0.0.1:${port}`, close: () => end(child) };
}

function configOf(module: string, flags: readonly string[], bindings: readonly string[], objects: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["public", "private", "local"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "${module}")],
  compatibilityDate = "2025-09-01",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(', ')}],
  bindings = [${bindings.join(', ')}],
  ${objects}
);
`;
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (data: unknown): void => {
      output += data;
      const port = /"event":"listen","socket":"http","port":(\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve(Number(port));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('exit', () => reject(new Error(`workerd ended: ${output}`)));
  });
}
