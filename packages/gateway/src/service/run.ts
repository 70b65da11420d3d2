/** Runs a gateway until a signal ends it: what the command does. */
import type { PolicyDocument } from 'approov-guard/policy-file';
import { compileSettings } from '../settings.ts';
import { type Gateway, startGateway } from './gateway.ts';

/** What the command works with. */
export interface RunSurroundings {
  readonly env: { readonly [name: string]: string | undefined };
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Starts a gateway, says where it is and what to do next, and runs it: SIGTERM and SIGINT drain it, a second one ends it at once, SIGHUP
 * reads the policy again.
 *
 * @param policy - a policy file, or what would be in one
 * @param surroundings - environment and streams
 * @throws ConfigurationError for any mistake in the policy
 */
export async function runGateway(policy: string | PolicyDocument, surroundings: RunSurroundings): Promise<void> {
  const { env, stdout, stderr } = surroundings;
  const note = (text: string): void => void stderr.write(`note: ${text}\n`);
  const gateway = await startGateway({ policy, env, output: stdout, onNote: note });
  stderr.write(greeting(gateway));
  await new Promise<void>((resolve) => {
    let ending = false;
    const end = (): void => {
      if (ending) process.exit(1);
      ending = true;
      note('draining: requests come to their end, new connections are refused');
      void gateway.drain().then(resolve);
    };
    process.on('SIGTERM', end).on('SIGINT', end);
    process.on('SIGHUP', () => void gateway.reload());
  });
}

function greeting({ urls, adminUrl, policy }: Gateway): string {
  const { upstreams } = compileSettings(policy.document.gateway, '.');
  const to = upstreams.map((upstream) => upstream.to.join(', ')).join('; ');
  const [url] = urls;
  return `approov-guard gateway: ${urls.join(', ')} -> ${to}
${adminUrl === null ? '' : `admin: ${adminUrl}/ready /metrics /policy\n`}
Try it:
  curl -i ${url}/                                       # 401: no token
  curl -i ${url}/ -H "Approov-Token: $(approov-guard token -genExample api.example.com)"

`;
}
