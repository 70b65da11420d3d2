/** One instance of an API, as a process of its own: a guard with a roll-out that is shared over Redis. Its parent moves the clock and makes the requests. */
import { createRollout, type RolloutEvent } from '@approov-guard/rollout';
import { exampleToken, requestView } from '@approov-guard/testkit';
import { createGuard } from 'approov-guard';
import { Redis } from 'iovalkey';

/** What the parent asks for. */
export type Order =
  | { readonly do: 'genuine' | 'late' | 'bare'; readonly devices: readonly string[] }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'tick' | 'state' }
  | { readonly do: 'throw'; readonly minutes: number }
  | { readonly do: 'back' };

const { REDIS_PORT = '', SECRET = '', ACCOUNT = SECRET, START = '0', NAME = '' } = process.env;
let at = Number(START);
const now = (): number => at;
const events: RolloutEvent[] = [];
const client = new Redis(`redis://127.0.0.1:${REDIS_PORT}`, { maxRetriesPerRequest: 1, retryStrategy: () => 50 });
client.on('error', () => undefined);
const rollout = createRollout({
  instance: NAME,
  now,
  cohortKey: 'a key that the instances share',
  // The parent says when to talk.
  shared: { client, intervalSeconds: 60 },
  breaker: { closeAfterSeconds: 60 },
  onEvent: (event) => events.push(event),
});
const share = [
  { from: Number(START), share: 0.5 },
  { from: Number(START) + 3_600_000, share: 1 },
];
const guard = createGuard({ keys: { secret: { base64: SECRET } }, now, mode: rollout.mode({ share }), onVerdict: rollout.onVerdict });
const account = { base64: ACCOUNT };

async function ask(kind: 'genuine' | 'late' | 'bare', did: string): Promise<boolean> {
  const exp = Math.floor(at / 1000) + (kind === 'late' ? -60 : 300);
  const headers = kind === 'bare' ? {} : { 'approov-token': exampleToken({ secret: account, claims: { did, exp } }) };
  return (await guard.decide(requestView({ headers: Object.entries(headers) }))).action === 'refuse';
}

async function obey(order: Order): Promise<unknown> {
  if (order.do === 'advance') at += order.ms;
  else if (order.do === 'tick') await rollout.tick();
  else if (order.do === 'throw') rollout.throwSwitch({ minutes: order.minutes, by: NAME, why: 'a test' });
  else if (order.do === 'back') rollout.takeSwitchBack({ by: NAME, why: 'a test' });
  else if ('devices' in order) {
    const refused: string[] = [];
    for (const did of order.devices) if (await ask(order.do, did)) refused.push(did);
    return refused;
  }
  return { ...rollout.state(), events };
}

process.on('message', ({ id, order }: { readonly id: number; readonly order: Order }) => {
  void obey(order).then((answer) => process.send?.({ id, answer }));
});
process.once('disconnect', () => process.exit());
process.send?.({ id: 0, answer: null });
