/** Content digests of RFC 9530 (sections 2, 3, appendices B and D). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestView } from '@approov-guard/testkit';
import { readVectors, skipUnless } from '../../../../tools/optional.mjs';
import { checkContentDigest, readContentDigest } from '../../src/core/digest/content-digest.ts';
import { forEachPort } from '../both-ports.ts';

interface DigestCase {
  readonly id: string;
  readonly value: string;
  readonly body_base64: string;
  readonly expected: 'match' | 'mismatch' | 'malformed' | 'unsupported';
}

const OUTCOMES = {
  match: 'verified',
  mismatch: 'digest-mismatch',
  malformed: 'digest-malformed',
  unsupported: 'digest-algorithm-unsupported',
} as const;
