/** What users build, test and type-check with takes the packages as they come from their archives: `node tools/packages/consumers.mjs` installs it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { root } from '../checks/lib/source.mjs';
import { skipUnless } from '../optional.mjs';
import { everyRuntime } from '../runtimes.mjs';
import { findConsumers, jests, typeScripts } from './consumers.mjs';
import { specifiers } from './packed.mjs';
import { makeProject, writeAdapterTypes, writeConfig } from './project.mjs';

const installed = findConsumers('consumers');
const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
const env = { ...inherited, APPROOV_BASE64_SECRET: randomBytes(32).toString('base64'), CI: 'true', NO_COLOR: '1' };
let project = '';

const userProject = () => makeProject({ type: 'commonjs', ...(installed !== null && { from: installed }) });

/** @param {readonly string[]} parameters */
function run(...parameters) {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: project, env, encoding: 'utf8', timeout: 300_000 });
  assert.equal(status, 0, `${stdout}${stderr}`);
}

/** @param {string} path @param {string} text */
function write(path, text) {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
  return path;
}

const LOADS = specifiers().map(
  (specifier, index) => `import * as module${index} from '${specifier}';\nexport const type${index}: object = module${index};`,
);
/** It names a type, an error's class, a route's middleware and the type that a framework's request gets. */
const USES = `
import { ConfigurationError, createGuard, type Decision, requireDecision } from 'approov-guard';
import { approov } from 'approov-guard/express';
import { mintToken } from '@approov-guard/testkit';
declare const request: Express.Request;
export const guard = createGuard({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } });
export const middleware: (request: any, response: any, next: () => void) => void = approov(guard);
export const decision: Decision = requireDecision(request);
export const same: Decision | undefined = request.approov;
export const isOurs = (error: unknown): boolean => error instanceof ConfigurationError && error.code === 'secret-missing';
export const minted: unknown = mintToken;
`;
const RESOLUTIONS = {
  node10: { module: 'commonjs', moduleResolution: 'node', files: ['consumer.ts'] },
  node16: { module: 'node16', files: ['consumer.cts', 'consumer.mts'] },
  nodenext: { module: 'nodenext', files: ['consumer.cts', 'consumer.mts'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', files: ['consumer.ts'] },
};
const compilers = [
  ...typeScripts.map((version) => ({ version, package: `typescript-${version}` })),
  { version: '7', package: 'typescript' },
];

/** `bundler` came with TypeScript 5.0; 6 was the last to know `node10`, where it has to be asked for twice. @param {string} version @param {string} resolution */
const knows = (version, resolution) =>
  (resolution !== 'bundler' || Number(version) >= 5) && (resolution !== 'node10' || Number(version) < 7);

const wanted = everyRuntime ? skipUnless(installed, 'consumers') : { skip: 'skipped: consumers not asked for' };

describe('TypeScript', wanted, () => {
  before(() => {
    project = userProject();
    for (const extension of ['ts', 'cts', 'mts']) write(`consumer.${extension}`, `${LOADS.join('\n')}\n${USES}`);
  });
  for (const { version, package: name } of compilers) {
    for (const [resolution, { files, ...options }] of Object.entries(RESOLUTIONS)) {
      if (!knows(version, resolution)) continue;
      test(`${version}, ${resolution}`, () => {
        writeConfig(
          project,
          {
            ...options,
            esModuleInterop: true,
            ...(Number(version) < 5 && { lib: ['es2022'] }),
            ...(version === '6' && { ignoreDeprecations: '6.0' }),
          },
          files,
        );
        const place = version === '7' ? root : join(installed ?? '', '..');
        run(join(place, 'node_modules', name, 'bin/tsc'), '-p', project, '--pretty', 'false');
      });
    }
  }
});

test('the types of the adapters fit the oldest frameworks', everyRuntime ? skipUnless(findConsumers('oldest'), 'oldest') : wanted, () => {
  project = makeProject({ from: findConsumers('oldest') ?? '' });
  writeAdapterTypes(project);
  run(join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--pretty', 'false');
});

/** A handler refuses what has no token, and passes what the testkit minted. */
const TEST = `
test('refuses and passes', async () => {
  const secret = freshSecret();
  const answer = approov({ keys: { secret } }, async () => ({ statusCode: 200, body: 'ok' }));
  const request = { version: '2.0', rawPath: '/', rawQueryString: '', requestContext: { http: { method: 'GET' } } } as const;
  const token = mintToken({ secret, now: Date.now(), lifetimeSeconds: 300 });
  expect((await answer({ ...request, headers: {} })).statusCode).toBe(401);
  expect((await answer({ ...request, headers: { 'approov-token': token } })).statusCode).toBe(200);
});`;
const IMPORTS = "import { freshSecret, mintToken } from '@approov-guard/testkit';\nimport { approov } from 'approov-guard/lambda';";
const REQUIRES =
  "const { freshSecret, mintToken } = require('@approov-guard/testkit');\nconst { approov } = require('approov-guard/lambda');";

/** What `nest new` writes, with the guard before its controller. */
const NEST = {
  'src/app.controller.ts': `import { Controller, Get, UseGuards } from '@nestjs/common';
import { approov } from 'approov-guard/nest';
@Controller()
@UseGuards(approov({ keys: { secret: { base64: process.env.APPROOV_BASE64_SECRET } } }))
export class AppController {
  @Get() getHello(): string { return 'Hello World!'; }
}`,
  'src/app.module.ts': `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
@Module({ imports: [], controllers: [AppController], providers: [] })
export class AppModule {}`,
  'src/app.e2e.spec.ts': `import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { mintToken } from '@approov-guard/testkit';
import request from 'supertest';
import { AppModule } from './app.module';
describe('AppController (e2e)', () => {
  let app: INestApplication;
  beforeEach(async () => {
    const moduleFixture = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = moduleFixture.createNestApplication();
    await app.init();
  });
  afterEach(() => app.close());
  it('refuses', () => request(app.getHttpServer()).get('/').expect(401).expect({}));
  it('passes', () => {
    const secret = { base64: process.env.APPROOV_BASE64_SECRET ?? '' };
    const token = mintToken({ secret, now: Date.now(), lifetimeSeconds: 300 });
    return request(app.getHttpServer()).get('/').set('Approov-Token', token).expect(200).expect('Hello World!');
  });
});`,
};
const NEST_CONFIGS = {
  'nest new of version 10': { module: 'commonjs' },
  'nest new of version 11': { module: 'nodenext', moduleResolution: 'nodenext', resolvePackageJsonExports: true, isolatedModules: true },
};
const NEST_JEST = {
  moduleFileExtensions: ['js', 'json', 'ts'],
  rootDir: 'src',
  testRegex: '.*\\.spec\\.ts$',
  transform: { '^.+\\.(t|j)s$': 'ts-jest' },
  testEnvironment: 'node',
};

describe('test runners', wanted, () => {
  before(() => {
    project = userProject();
  });
  for (const version of jests) {
    test(`Jest ${version}, as it comes`, () => {
      write('plain/guard.test.js', `${REQUIRES}\n${TEST.replace(' as const', '')}`);
      write('plain/package.json', '{ "name": "plain", "private": true }');
      run(join(project, 'node_modules', `jest-${version}`, 'bin/jest.js'), '--rootDir', join(project, 'plain'));
    });
  }

  test('ts-jest, as it comes', () => {
    write('typed/guard.test.ts', `${IMPORTS}\n${TEST}`);
    write('typed/package.json', '{ "name": "typed", "private": true, "jest": { "preset": "ts-jest" } }');
    write(
      'typed/tsconfig.json',
      '{ "compilerOptions": { "module": "commonjs", "strict": true, "esModuleInterop": true, "types": ["jest", "node"] } }',
    );
    run(join(project, 'node_modules/jest/bin/jest.js'), '--config', join(project, 'typed/package.json'));
  });

  for (const [name, options] of Object.entries(NEST_CONFIGS)) {
    test(`${name}: its Jest`, () => {
      for (const [path, text] of Object.entries(NEST)) write(join(name, path), text);
      const common = {
        esModuleInterop: true,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
        strictNullChecks: true,
        skipLibCheck: true,
      };
      write(join(name, 'tsconfig.json'), JSON.stringify({ compilerOptions: { target: 'ES2023', ...common, ...options } }));
      write(join(name, 'package.json'), JSON.stringify({ name: 'nested', private: true, jest: NEST_JEST }));
      run(
        join(project, 'node_modules/jest/bin/jest.js'),
        '--rootDir',
        join(project, name, 'src'),
        '--config',
        join(project, name, 'package.json'),
      );
    });
  }

  for (const inlined of [false, true]) {
    test(`Vitest, ${inlined ? 'which bundles it' : 'as it comes'}`, () => {
      const config = { root: join(project, 'vite'), test: { globals: true, server: { deps: { inline: inlined || [] } } } };
      write('vite/guard.test.ts', `${IMPORTS}\n${TEST}`);
      write('vite/vitest.config.mjs', `export default ${JSON.stringify(config)};`);
      run(join(project, 'node_modules/vitest/vitest.mjs'), 'run', '--root', join(project, 'vite'));
    });
  }
});
