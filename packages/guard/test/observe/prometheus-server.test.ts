/** The real Prometheus reads the metrics, and knows every expression of the dashboard and the alerts. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exampleToken, freshSecret, requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { prometheus } from 'approov-guard/prometheus';
import { findProgram, skipUnless } from '../../../../tools/optional.mjs';
import { until } from '../../../../tools/until.mjs';

const monitoring = fileURLToPath(new URL('../../../../examples/monitoring/', import.meta.url));
const program = findProgram('prometheus');

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly { readonly metric: { readonly [label: string]: string }; readonly value: readonly [number, string] }[];
  };
}

test('promtool finds nothing wrong with the rules', skipUnless(findProgram('promtool'), 'prometheus'), () => {
  execFileSync('promtool', ['check', 'rules', join(monitoring, 'alerts.yaml')], { stdio: 'pipe' });
  execFileSync('promtool', ['check', 'config', join(monitoring, 'prometheus.yaml')], { stdio: 'pipe' });
});

test('Prometheus scrapes the metrics, and the expressions name series that exist', {
  ...skipUnless(program, 'prometheus'),
  timeout: 120_000,
}, async () => {
  const secret = freshSecret();
  const metrics = prometheus();
  const guard = createGuard({
    keys: { secret },
    signature: null,
    onVerdict: metrics.onVerdict,
    token: {},
    routes: [{ match: { path: '/pay' }, name: 'pay' }],
  });
  metrics.watch(guard);
  for (let index = 0; index < 7; index++)
    await guard.decide(requestView({ target: '/pay', headers: { 'approov-token': exampleToken({ secret }) } }));
  await guard.decide(requestView({ headers: {} }));
  const api = createServer((_request, response) => response.setHeader('content-type', metrics.contentType).end(metrics.text()));
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const target = `127.0.0.1:${(api.address() as AddressInfo).port}`;
  writeFileSync(
    join(folder, 'p.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s' },
      rule_files: [join(monitoring, 'alerts.yaml')],
      scrape_configs: [{ job_name: 'api', static_configs: [{ targets: [target] }] }],
    }),
  );
  const server = spawn(
    program ?? '',
    [`--config.file=${folder}/p.yml`, `--storage.tsdb.path=${folder}/d`, '--web.listen-address=127.0.0.1:0'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    let address = '';
    createInterface({ input: server.stderr }).on('line', (line) => {
      address ||= /"Listening on" address=(\S+)/.exec(line)?.[1] ?? '';
    });
    await until(() => address !== '');
    const ask = async (query: string): Promise<Answer> =>
      (await (await fetch(`http://${address}/api/v1/query?${new URLSearchParams({ query })}`)).json()) as Answer;
    let found: Answer = { status: '' };
    await until(async () => {
      found = await ask('approov_guard_decisions_total{route="pay"}').catch(() => found);
      return (found.data?.result.length ?? 0) > 0;
    });
    assert.equal(found.data?.result[0]?.value[1], '7');
    const dashboard = JSON.parse(readFileSync(join(monitoring, 'dashboard.json'), 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    const alerts = [...readFileSync(join(monitoring, 'alerts.yaml'), 'utf8').matchAll(/approov_guard_\w+/g)].map(([name]) => name);
    const shown = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const known = metrics.text();
    for (const expression of shown) {
      const answer = await ask(expression);
      assert.equal(answer.status, 'success', `${expression}: ${answer.error}`);
    }
    for (const name of [...shown.flatMap((expression) => expression.match(/approov_guard_\w+/g) ?? []), ...alerts]) {
      assert.ok(known.includes(`# TYPE ${name.replace(/_bucket$/, '')} `), name);
    }
    assert.equal((await ask('sum by (job) (up)')).data?.result[0]?.value[1], '1');
  } finally {
    server.kill();
    await ended;
    api.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
