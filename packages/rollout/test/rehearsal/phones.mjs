/** Who calls: two fleets of simulated phones with three versions of the app, and strangers. Each knows what it is; nothing of that is sent. */
import { appFetch, createFleet, seeded } from '@approov-guard/cloud';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** In a thousand phones. The rest is genuine. */
const MIX = {
  old: 100,
  rooted: 5,
  repackaged: 4,
  emulator: 1,
  debugger: 1,
  unregistered: 1,
  'clock-ahead': 1,
  'clock-behind': 1,
  thief: 0.5,
  bot: 0.5,
};

/** @typedef {import('@approov-guard/cloud').Device} Device */
/** @typedef {import('@approov-guard/cloud').SentRequest} SentRequest */
/** @typedef {import('@approov-guard/rollout').ClassName} ClassName */

/**
 * A phone: a device of a fleet, and what is on it.
 * @typedef {object} Phone
 * @property {Device} device
 * @property {string} platform
 * @property {string} version
 * @property {string} address
 * @property {string} user
 * @property {number} updatesAt - when an old app is replaced, milliseconds since the epoch
 */

/**
 * Makes the phones.
 * @param {object} options
 * @param {import('@approov-guard/cloud').Cloud} options.cloud
 * @param {number} options.size
 * @param {number} options.seed
 * @param {number} options.start - the first moment of the week
 * @param {() => number} options.now
 * @param {(request: SentRequest) => Promise<import('@approov-guard/cloud').HttpAnswer>} options.send
 * @returns {readonly Phone[]}
 */
export function makePhones({ cloud, size, seed, start, now, send }) {
  const mix = { ...MIX, genuine: 1000 - Object.values(MIX).reduce((sum, weight) => sum + weight, 0) };
  const random = seeded(seed + 2);
  const common = {
    cloud,
    mix,
    now,
    send,
    call: 'https://api.example.com/',
    sign: 'install',
    bindingHeader: 'Authorization',
    withoutToken: 'status',
  };
  const androids = Math.ceil(size * 0.6);
  const fleets = [
    {
      platform: 'android',
      fleet: createFleet({ ...common, sign: 'install', withoutToken: 'status', size: androids, seed, client: 'okhttp-3.8' }),
    },
    {
      platform: 'ios',
      fleet: createFleet({
        ...common,
        sign: 'install',
        withoutToken: 'status',
        size: size - androids,
        seed: seed + 1,
        client: 'urlsession',
      }),
    },
  ];
  return fleets.flatMap(({ platform, fleet }) =>
    fleet.devices.map((device, index) => ({
      device,
      platform,
      version: device.behaviour === 'old' ? '3.9.0' : random() < 0.6 ? '4.2.0' : '4.1.0',
      address: `${platform === 'ios' ? 10 : 11}.${index >> 8}.${index & 255}.7`,
      user: `Bearer user-${platform}-${index}`,
      updatesAt: start + fadesAt(random()),
    })),
  );
}

/** Old apps fade: a seventh in a day, nearly all within a day of the update that is forced on Tuesday, and a few never. @param {number} share */
function fadesAt(share) {
  if (share < 0.15) return (share / 0.15) * 1.4 * DAY;
  if (share < 0.985) return 1.4 * DAY + ((share - 0.15) / 0.835) * 0.5 * DAY;
  return 30 * DAY;
}

/** What a call is about. @typedef {{ readonly route: string, readonly method: string, readonly path: string, readonly body: string | null }} Call */

/** @param {number} number - 0 to 1 @returns {Call} */
export function callFor(number) {
  if (number < 0.4) return { route: 'feed', method: 'GET', path: '/feed?page=1', body: null };
  if (number < 0.75) return { route: 'search', method: 'GET', path: '/search?q=shoes', body: null };
  if (number < 0.9) return { route: 'profile', method: 'GET', path: '/profile', body: null };
  return { route: 'pay', method: 'POST', path: '/pay', body: '{"amount":12}' };
}

/** Has a phone make a call. @param {Phone} phone @param {Call} call */
export function callFrom(phone, { method, path, body }) {
  const headers = [
    ['Authorization', phone.user],
    ['X-App-Version', phone.version],
    ['X-App-Platform', phone.platform],
    ['Content-Type', 'application/json'],
  ];
  // The cast holds: they are pairs.
  const lines = /** @type {[string, string][]} */ (body === null ? headers.slice(0, -1) : headers);
  return appFetch(phone.device, `https://api.example.com${path}`, { method, headers: lines, body });
}
