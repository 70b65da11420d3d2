/** The two documents that hold the collected requests: a Postman collection, and a page of curl lines. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { devSecret } from '@approov-guard/testkit';
import { type CollectedRequest, SERVERS } from './requests.ts';

export const COLLECTION_PATH = 'docs/postman/approov-guard.postman_collection.json';
export const CURL_PATH = 'docs/curl.md';

type ServerName = CollectedRequest['server'];

// The cast holds: these are the members of a constant.
const serverNames = Object.keys(SERVERS) as readonly ServerName[];

/** Runs after each request: its name begins with the status that must come back. */
const TEST_SCRIPT = [
  'const expected = Number(pm.info.requestName.slice(0, 3));',
  "pm.test('status ' + expected, () => pm.response.to.have.status(expected));",
  "if (expected !== 200) pm.test('body {}', () => pm.expect(pm.response.text()).to.equal('{}'));",
];

/** The collection, in Postman's format 2.1, formatted as this repository formats JSON. */
export function postmanCollection(requests: readonly CollectedRequest[]): string {
  const collection = {
    info: {
      name: 'approov-guard',
      description: `Made by conformance/collection/make.ts. Every token is signed with a published secret: ${devSecret.base64}`,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    variable: serverNames.map((key) => ({ key, value: `http://127.0.0.1:${SERVERS[key].port}` })),
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: TEST_SCRIPT } }],
    item: serverNames.map((name) => ({
      name: SERVERS[name].example,
      item: requests.filter(({ server }) => server === name).map(postmanItem),
    })),
  };
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const formatter = ['format', `--stdin-file-path=${COLLECTION_PATH}`];
  return execFileSync('node_modules/.bin/biome', formatter, { cwd: root, input: JSON.stringify(collection), encoding: 'utf8' });
}

function postmanItem({ server, name, status, verdict, path, headers }: CollectedRequest): object {
  const header = headers.map(([key, value]) => ({ key, value }));
  return { name: `${status} ${verdict}, ${name}`, request: { method: 'GET', header, url: `{{${server}}}${path}` } };
}

/** The page: one request for each verdict of the token check, and all requests to the other servers. */
export function curlPage(requests: readonly CollectedRequest[]): string {
  const seen = new Set<string>();
  const shown = requests.filter(({ server, verdict, headers }) => {
    const first = !seen.has(verdict);
    seen.add(verdict);
    return server !== 'tokenCheck' || (first && headers.every(([, value]) => value.length < 1000));
  });
  return [INTRODUCTION, ...serverNames.map((name) => curlSection(name, shown))].join('\n');
}

const INTRODUCTION = `# Requests to try, with curl

Good and bad requests to copy into a terminal. The [Postman collection](postman/approov-guard.postman_collection.json) has the same ones, and one for
each of a hundred kinds of tokens. Words such as binding are in the [glossary](glossary.md).

The tokens are signed with a published secret, so they protect nothing. A guard in production refuses to start with that secret. The containers of
\`examples/\` set \`NODE_ENV=production\`: start them with \`-e NODE_ENV=development\` for these requests.

The good tokens are valid until 2100. The expired ones ended in 2020. Start the three servers, each in its own terminal:

*Not run by the tests: the servers run until they are stopped.*

\`\`\`sh
export APPROOV_BASE64_SECRET=${devSecret.base64}
${serverNames.map((name) => `HTTP_PORT=${SERVERS[name].port} npm run example ${SERVERS[name].example}`).join('\n')}
\`\`\`

The last section also fits \`npm start\` with that secret in the environment: its port is then the one that it prints, 8002 as a rule.
Signed requests are not here: their signatures last for seconds. \`npx approov-guard request\` [sends them](cli.md#request).
`;

function curlSection(name: ServerName, shown: readonly CollectedRequest[]): string {
  const { example, port } = SERVERS[name];
  const requests = shown.filter(({ server }) => server === name);
  const lines = requests.map((request) => `# ${request.status} ${request.verdict}: ${request.name}\n${curlLine(request, port)}`);
  return `## ${example}

<!-- run by conformance/test/collection.test.ts -->
\`\`\`sh
${lines.join('\n')}
\`\`\`
`;
}

function curlLine({ path, headers }: CollectedRequest, port: number): string {
  // A header without value is written with a semicolon: curl takes a bare colon for "leave it out".
  const options = headers.map(([key, value]) => (value === '' ? ` -H '${key};'` : ` -H '${key}: ${value}'`));
  return `curl -i${options.join('')} http://127.0.0.1:${port}${path}`;
}
