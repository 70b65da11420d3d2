/** What the doctor found. */

/** One finding. */
export interface Finding {
  /** Such as `clock` or `1.3 algorithm`. */
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'problem' | 'skipped';
  /** What was seen, and what it breaks or how to fix it. */
  readonly says: string;
}

/** How long one answer may take, milliseconds. */
export const PATIENCE_MS = 10_000;

export function finding(name: string, outcome: Finding['outcome'], says: string): Finding {
  return { name, outcome, says };
}

/** Runs a check; what it throws is a problem, told without anything but the kind of error. */
export async function attempt(name: string, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return unreachable(name, error);
  }
}

/** What was thrown, told by nothing but its kind. */
export function unreachable(name: string, error: unknown): Finding {
  const { code, name: kind } = error as { readonly code?: unknown; readonly name?: unknown };
  const { code: inner } = ((error as { readonly cause?: unknown }).cause ?? {}) as { readonly code?: unknown };
  return finding(name, 'problem', `cannot be checked: ${String(code ?? inner ?? kind)}. Is it reachable from here?`);
}
