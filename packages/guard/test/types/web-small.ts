/** The small build has the signature of `approov-guard/web`. */
import type { approov } from 'approov-guard/web';
import type { approov as small } from 'approov-guard/web-small';
import { proves, type Same } from './same.ts';

proves<Same<typeof small, typeof approov>>();
