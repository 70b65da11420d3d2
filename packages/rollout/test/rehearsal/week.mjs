/**
 * A week of a roll-out in a few minutes: simulated phones call an API, real guards decide on a clock that is moved by hand. It observes, reports,
 * fixes what the report names, ramps up, enforces, and has a deployment with the wrong secret caught by the breaker.
 */
import { createCloud, seeded } from '@approov-guard/cloud';
import { CLASSES, createRollout, decisionLog, readDecisionLogs } from '@approov-guard/rollout';
import { freshSecret, lookalikeToken, manualClock, requestView } from '@approov-guard/testkit';
import { createGuard, memoryReplayStore } from 'approov-guard';
import { isGenuine, Known } from './known.mjs';
import { callFor, callFrom, makePhones } from './phones.mjs';

/** @typedef {import('@approov-guard/rollout').ClassName} ClassName */
/** @typedef {import('@approov-guard/rollout').ReadinessReport} ReadinessReport */
/** @typedef {import('./phones.mjs').Phone} Phone */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Monday. */
const START = Date.UTC(2026, 5, 1);
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** @param {number} day - from 0, Monday @param {number} hour */
const on = (day, hour) => START + day * DAY + hour * HOUR;

const PROXY = { from: on(0, 9), to: on(1, 10) };
const FAILOVERS = [
  { from: on(0, 14), to: on(0, 16) },
  { from: on(3, 2), to: on(3, 3) },
  { from: on(6, 12), to: on(6, 13) },
];
const RAMP = [
  { from: on(4, 8), share: 0.05 },
  { from: on(4, 14), share: 0.25 },
  { from: on(5, 0), share: 0.5 },
  { from: on(5, 8), share: 1 },
];
/** A message to everyone: many calls in a few minutes. */
const CAMPAIGN = { from: on(5, 18), to: on(5, 18) + 10 * MINUTE };
const WRONG = { from: CAMPAIGN.from + 3 * MINUTE, to: CAMPAIGN.from + 6 * MINUTE };
const END = on(7, 0);

/** @param {number} at @param {{ from: number, to: number }} span */
const within = (at, { from, to }) => at >= from && at < to;

/** `Fri 08:00:00` @param {number} at */
export function momentText(at) {
  return `${DAYS[Math.floor((at - START) / DAY)] ?? 'end'} ${new Date(at).toISOString().slice(11, 19)}`;
}

/**
 * What is asked of the rehearsal.
 * @typedef {object} Outcome
 * @property {readonly { name: string, holds: boolean, text: string }[]} checks
 * @property {ReadinessReport} report - of the whole week
 * @property {readonly string[]} timeline
 * @property {number} requests
 */

/**
 * Runs the week. The same size and seed make the same week.
 * @param {object} options
 * @param {number} options.size - how many phones, 100 to 10000
 * @param {number} options.seed
 * @param {string} options.folder - where the decision log goes
 * @param {number} [options.callsADay] - of each phone, default 2
 * @param {(line: string) => void} [options.print]
 * @returns {Promise<Outcome>}
 */
export async function rehearse({ size, seed, folder, callsADay = 2, print = () => undefined }) {
  const week = new Week({ size, seed, folder, callsADay, print });
  return week.run();
}

class Week {
  #clock = manualClock(START);
  #cloud = createCloud({ now: this.#clock.now });
  #known = new Known();
  #options;
  #random;
  #log;
  #phones;
  /** @type {string[]} */
  #timeline = [];
  /** @type {Map<string, boolean>} Whether the last token of a device was made by the fail-over service. */
  #failover = new Map();
  /** Genuine requests that were refused since the ramp began, outside the deployment with the wrong secret. @type {Map<ClassName, number>} */
  #refused = new Map();
  #refusedOthers = 0;
  #refusedByMistake = 0;
  /** @type {{ truth: ClassName, version: string, platform: string, phone: Phone | null, replays: boolean }} */
  #current = { truth: 'unknown', version: '', platform: '', phone: null, replays: false };
  #acceptsFailover = false;
  #wrongSecret = false;
  /** @type {number | null} */
  #openedAt = null;
  /** @type {ReadinessReport | null} */
  #early = null;
  /** @type {ReadinessReport | null} */
  #before = null;
  /** @type {ReadonlySet<ClassName>} */
  #named = new Set();
  /** @type {{ guard: import('approov-guard').Guard, close: () => void }} */
  #deployment;

  /** @param {{ size: number, seed: number, folder: string, callsADay: number, print: (line: string) => void }} options */
  constructor(options) {
    const { size, seed, folder } = options;
    this.#options = options;
    this.#random = seeded(seed + 3);
    this.#cloud.addDomain('api.example.com');
    this.#cloud.addApp({ package: 'com.example.app' });
    this.#cloud.change((account) => {
      account.policy.installPubKey = true;
    });
    this.#cloud.subscribe((event) => {
      if (event.type === 'attested') this.#failover.set(event.device, this.#cloud.faults.failover);
    });
    this.#log = decisionLog({ folder, deviceKey: 'the key of a rehearsal', now: this.#clock.now, flushMs: 60_000 });
    const send = this.#answer.bind(this);
    this.#phones = makePhones({ cloud: this.#cloud, size, seed, start: START, now: this.#clock.now, send });
    this.#deployment = this.#deploy('observe');
  }

  /** @returns {Promise<Outcome>} */
  async run() {
    this.#say(`${this.#phones.length} phones; the guard observes`);
    const story = this.#story();
    /** @type {{ at: number, run: () => unknown }[]} */
    let later = [];
    for (let minute = START; minute < END; minute += MINUTE) {
      for (const event of story.splice(
        0,
        story.findIndex(({ at }) => at > minute),
      )) {
        this.#clock.set(event.at);
        await event.run();
      }
      const due = [...later.filter(({ at }) => at < minute + MINUTE), ...this.#traffic(minute)].sort((one, other) => one.at - other.at);
      later = later.filter(({ at }) => at >= minute + MINUTE);
      for (const { at, run } of due) {
        this.#clock.set(at);
        later.push(.../** @type {typeof later} */ ((await run()) ?? []));
      }
      if (minute % HOUR === 0) await this.#log.flush();
    }
    this.#clock.set(END);
    return this.#end();
  }

  /** What people and machines do in this week. The last one ends the list. @returns {{ at: number, run: () => unknown }[]} */
  #story() {
    const failovers = FAILOVERS.flatMap(({ from, to }) => [
      { at: from, run: () => this.#switchFailover(true) },
      { at: to, run: () => this.#switchFailover(false) },
    ]);
    const steps = RAMP.slice(1).map(({ from, share }) => ({
      at: from,
      run: () => this.#say(`the ramp goes on to ${share * 100} % of the devices`),
    }));
    const events = [
      ...failovers,
      ...steps,
      { at: PROXY.from, run: () => this.#say('a new proxy drops the token header on the way to /search (nobody knows yet)') },
      { at: on(1, 0), run: () => this.#firstReport() },
      { at: PROXY.to, run: () => this.#fix() },
      { at: on(4, 0), run: () => this.#secondReport() },
      { at: RAMP[0]?.from ?? 0, run: () => this.#ramp() },
      { at: CAMPAIGN.from, run: () => this.#say('a message to all users: they come at once') },
      { at: WRONG.from, run: () => this.#deployWrongSecret() },
      { at: WRONG.to, run: () => this.#deployRightSecret() },
    ];
    return [...events.sort((one, other) => one.at - other.at), { at: Number.POSITIVE_INFINITY, run: () => undefined }];
  }

  /** @param {'observe' | import('@approov-guard/rollout').RolloutPlan} plan */
  #deploy(plan) {
    const { base64 } = this.#cloud.account().secret;
    const now = this.#clock.now;
    const rollout =
      plan === 'observe'
        ? null
        : createRollout({
            instance: 'api',
            cohortKey: 'the cohorts of a rehearsal',
            now,
            // What the campaign's minutes bring is known to whoever sends the message.
            breaker: { expectedPerSecond: 0.8 * this.#campaignRate },
            onEvent: (event) => this.#happened(event),
          });
    const missing = this.#acceptsFailover ? 'accept' : 'reject';
    const guard = createGuard({
      keys: { secret: this.#wrongSecret ? freshSecret() : { base64 } },
      binding: { headers: ['authorization'], missing },
      signature: { missingKey: missing, replay: memoryReplayStore({ now, maxEntries: 100_000 }) },
      mode: rollout === null || plan === 'observe' ? 'observe' : rollout.mode(plan),
      routes: ['feed', 'search', 'profile', 'pay'].map((name) => ({ match: { path: `/${name}` }, name })),
      onVerdict: [this.#log.onVerdict, this.#note.bind(this), ...(rollout === null ? [] : [rollout.onVerdict])],
      hints: false,
      now,
    });
    const close = () => {
      rollout?.close();
      guard.close();
    };
    return { guard, close };
  }

  /** @param {'observe' | import('@approov-guard/rollout').RolloutPlan} plan */
  #redeploy(plan) {
    this.#deployment.close();
    this.#deployment = this.#deploy(plan);
  }

  /** @param {boolean} failover */
  #switchFailover(failover) {
    this.#cloud.setFaults({ failover });
    this.#say(failover ? 'the issuing cloud goes to fail-over' : 'the issuing cloud is back');
  }

  async #firstReport() {
    this.#early = await this.#report(1);
  }

  #fix() {
    this.#acceptsFailover = true;
    this.#redeploy('observe');
    this.#say('the proxy is fixed; tokens of the fail-over pass (missing: accept); the update of old apps is forced');
  }

  async #secondReport() {
    this.#before = await this.#report(2);
    this.#named = new Set(this.#before.classes.map(({ name }) => name));
  }

  #ramp() {
    this.#redeploy({ share: RAMP });
    this.#say('it is enforced for 5 % of the devices');
  }

  #deployWrongSecret() {
    this.#wrongSecret = true;
    this.#redeploy({ share: 1 });
    this.#say('a deployment with the wrong secret (nobody knows yet)');
  }

  #deployRightSecret() {
    this.#wrongSecret = false;
    this.#redeploy({ share: 1 });
    this.#say('a deployment with the right secret; it is enforced again');
  }

  /** @param {import('@approov-guard/rollout').RolloutEvent} event */
  #happened(event) {
    if (event.type === 'breaker-opened') {
      this.#openedAt ??= event.at;
      const after = this.#wrongSecret ? `, ${(event.at - WRONG.from) / SECOND} s after the deployment` : '';
      this.#say(`the breaker opens (${event.rule}: ${event.accepted} accepted of ${event.expected} expected)${after}: observing`);
    } else if (event.type === 'breaker-closed') this.#say('the breaker closes: enforcing');
  }

  get #campaignRate() {
    return Math.max(8, this.#options.size / 800);
  }

  /** All calls that begin within this minute. @param {number} minute @returns {{ at: number, run: () => unknown }[]} */
  #traffic(minute) {
    const { size, callsADay } = this.#options;
    const hour = ((minute - START) % DAY) / HOUR;
    const ordinary = ((size * callsADay) / 1440) * (1 + 0.8 * Math.sin(((hour - 10) / 12) * Math.PI));
    const campaign = within(minute, CAMPAIGN) ? this.#campaignRate * 60 : 0;
    const burst = within(minute, { from: on(3, 20), to: on(3, 20) + 20 * MINUTE }) ? (size * callsADay) / 5000 : 0;
    return [
      ...this.#times(ordinary + campaign, minute, () => this.#callFromSomePhone()),
      ...this.#times(ordinary * 0.03, minute, () => this.#scrape()),
      ...this.#times(burst, minute, () => this.#forge()),
    ];
  }

  /** @param {number} expected @param {number} minute @param {() => unknown} run */
  #times(expected, minute, run) {
    return Array.from({ length: Math.floor(expected + this.#random()) }, () => ({ at: minute + Math.floor(this.#random() * MINUTE), run }));
  }

  async #callFromSomePhone() {
    // The cast holds: the index is below the length.
    const phone = /** @type {Phone} */ (this.#phones[Math.floor(this.#random() * this.#phones.length)]);
    const call = callFor(this.#random());
    const { device } = phone;
    const now = this.#clock.now();
    if (device.behaviour === 'old' && now >= phone.updatesAt) {
      device.behaviour = 'genuine';
      phone.version = '4.2.0';
    }
    const isOffline = device.behaviour === 'genuine' && this.#random() < 0.002;
    if (device.behaviour !== 'bot') {
      await this.#callFrom(phone, call, isOffline);
      return;
    }
    // A script records one genuine request, and sends it ten times within half a minute.
    device.memory.captured = null;
    await this.#callFrom(phone, call, false);
    return Array.from({ length: 10 }, (_, index) => ({
      at: now + (index + 1) * 3 * SECOND,
      run: () => this.#callFrom(phone, call, false),
    }));
  }

  /** @param {Phone} phone @param {import('./phones.mjs').Call} call @param {boolean} isOffline */
  async #callFrom(phone, call, isOffline) {
    const { device, version, platform } = phone;
    this.#current = { truth: 'verified', version, platform, phone, replays: device.behaviour === 'bot' && device.memory.captured !== null };
    const before = device.behaviour;
    if (isOffline) device.behaviour = 'offline';
    await callFrom(phone, call);
    device.behaviour = before;
  }

  async #scrape() {
    this.#current = { truth: 'unknown', version: '', platform: '', phone: null, replays: false };
    const { path, method } = callFor(this.#random());
    await this.#decide({
      method,
      target: path,
      headers: [['User-Agent', 'python-requests']],
      peer: `198.51.100.${Math.floor(this.#random() * 20)}`,
    });
  }

  async #forge() {
    this.#current = { truth: 'forged', version: '', platform: '', phone: null, replays: false };
    const token = lookalikeToken({ secret: { base64: this.#cloud.account().secret.base64 }, now: this.#clock.now() });
    await this.#decide({
      method: 'GET',
      target: '/feed',
      headers: [['Approov-Token', token]],
      peer: `203.0.113.${Math.floor(this.#random() * 3)}`,
    });
  }

  /** What stands between a phone and the guard. @param {import('@approov-guard/cloud').SentRequest} sent */
  async #answer({ method, url, headers, body }) {
    const { pathname, search } = new URL(url);
    const now = this.#clock.now();
    const dropped = pathname === '/search' && within(now, PROXY);
    const arriving = dropped ? headers.filter(([name]) => name !== 'Approov-Token') : headers;
    const { phone } = this.#current;
    this.#current.truth = this.#truth(dropped && headers.length > arriving.length);
    const refused = await this.#decide({ method, target: pathname + search, headers: arriving, body, peer: phone?.address ?? null });
    return { status: refused ? 401 : 200, headers: {}, body: new Uint8Array() };
  }

  /** What this request is, by its first fault. @param {boolean} dropped @returns {ClassName} */
  #truth(dropped) {
    const { phone, replays } = this.#current;
    const { behaviour = 'genuine', id = '' } = phone?.device ?? {};
    if (behaviour === 'old') return 'old-app';
    if (['rooted', 'repackaged', 'emulator', 'debugger', 'unregistered'].includes(behaviour)) return 'attestation-failed';
    if (dropped) return 'proxy';
    if (behaviour === 'offline') return 'no-token';
    if (this.#wrongSecret) return 'wrong-key';
    if (this.#failover.get(id) === true && !this.#acceptsFailover) return 'fail-over';
    if (behaviour === 'thief') return 'misused';
    if (replays) return 'replayed';
    if (behaviour.startsWith('clock-') && this.#failover.get(id) !== true) return 'clock';
    return 'verified';
  }

  /** @param {import('@approov-guard/testkit').RequestContent} content */
  async #decide(content) {
    const decision = await this.#deployment.guard.decide(requestView(content));
    return decision.action === 'refuse';
  }

  /** @param {import('approov-guard').Verdict} verdict @param {import('approov-guard').VerdictFacts} facts */
  #note(verdict, { route, at, action }) {
    const { truth, version, platform } = this.#current;
    this.#known.add({ route: route ?? 'default', code: verdict.code, version, platform }, at, truth);
    if (action !== 'refuse') return;
    if (!isGenuine(truth)) this.#refusedOthers++;
    else if (this.#wrongSecret) this.#refusedByMistake++;
    else this.#refused.set(truth, (this.#refused.get(truth) ?? 0) + 1);
  }

  /** @param {number} days @param {import('@approov-guard/rollout').ReportSettings} [settings] */
  async #report(days, settings = {}) {
    await this.#log.flush();
    const report = await readDecisionLogs([this.#options.folder], { ...settings, thresholds: { days } });
    const { all, refused, genuine, ready, findings } = report;
    this.#say(`report: enforcing would refuse ${refused} of ${all}, ${genuine} of them look genuine: ${ready ? 'READY' : 'NOT READY'}`);
    for (const { name, count } of report.classes.filter((row) => isGenuine(row.name) && row.name !== 'verified'))
      this.#tell(`${CLASSES[name].title}: ${count}`);
    for (const { text } of findings.filter(({ holds }) => !holds)) this.#tell(`not yet: ${text}`);
    return report;
  }

  async #end() {
    const compared = this.#known.compare();
    const report = await this.#report(2, { onGroup: compared.onGroup });
    await this.#log.close();
    this.#deployment.close();
    for (const { device } of this.#phones) device.close();
    const { right, all, wrong } = compared.end();
    for (const [what, count] of wrong) this.#tell(`${what}: ${count}`);
    const unnamed = [...this.#refused].filter(([truth]) => truth === 'verified' || !this.#named.has(truth));
    const within30 = this.#openedAt !== null && this.#openedAt >= WRONG.from && this.#openedAt - WRONG.from <= 30 * SECOND;
    const checks = [
      {
        name: 'classified',
        holds: right >= 0.99 * all,
        text: `${right} of ${all} requests classified right (${((100 * right) / all).toFixed(2)} %)`,
      },
      { name: 'not-ready', holds: this.#early?.ready === false, text: 'the first report says no' },
      { name: 'ready', holds: this.#before?.ready === true, text: 'the report before the ramp says yes' },
      { name: 'refused', holds: unnamed.length === 0, text: this.#refusedText(unnamed) },
      {
        name: 'breaker',
        holds: within30,
        text: `the deployment with the wrong secret: observing again after ${this.#openedAt === null ? 'never' : (this.#openedAt - WRONG.from) / SECOND} s, ${this.#refusedByMistake} genuine requests refused until then`,
      },
      { name: 'enforced', holds: this.#refusedOthers > 0, text: `${this.#refusedOthers} requests refused that were not genuine` },
    ];
    return { checks, report, timeline: this.#timeline, requests: all };
  }

  /** @param {readonly [ClassName, number][]} unnamed */
  #refusedText(unnamed) {
    const told = [...this.#refused].map(([truth, count]) => `${count} ${CLASSES[truth].title}`);
    const silent = unnamed.reduce((sum, [, count]) => sum + count, 0);
    return `${silent} genuine requests refused that the report had not named (named: ${told.join(', ') || 'none'})`;
  }

  /** @param {string} text */
  #say(text) {
    this.#write(`${momentText(this.#clock.now())}  ${text}`);
  }

  /** @param {string} text */
  #tell(text) {
    this.#write(`              ${text}`);
  }

  /** @param {string} line */
  #write(line) {
    this.#timeline.push(line);
    this.#options.print(line);
  }
}
