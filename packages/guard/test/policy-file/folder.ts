/** A folder of its own for files of a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Writes files into a fresh folder that goes with the test. */
export function folderWith(context: TestContext, files: { readonly [name: string]: string | object }): string {
  const folder = mkdtempSync(join(tmpdir(), 'policy-file-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(
      join(folder, name),
      typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content, null, 2),
    );
  }
  return folder;
}
