/** Runs a page of the documentation from top to bottom: its files are written, its commands run in one shell. */
import { ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A block of a page. */
export interface Block {
  readonly language: string;
  readonly code: string;
}

/** The blocks of a page that are commands, or files. */
export function blocksOf(page: string, languages: readonly string[]): readonly Block[] {
  const fence = new RegExp(`^\`\`\`(sh|${languages.join('|')})\\n(.*?)^\`\`\`$`, 'gms');
  return [...page.matchAll(fence)].map(([, language = '', code = '']) => ({ language, code }));
}

/** The answers that commands promise: the number in the comment at the end of a line. */
export function promised(blocks: readonly Block[]): readonly string[] {
  const commands = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code);
  return commands.flatMap((code) => [...code.matchAll(/ {2}# (\d{3})\b/g)].map(([, status = '']) => status));
}

/** What runs a page: files become here-documents where they stand, so that a later one may replace an earlier one. */
export function scriptOf(blocks: readonly Block[]): string {
  return blocks
    .map(({ language, code }) => {
      if (language === 'sh') return code;
      const [, file] = /^# ([\w.-]+)/.exec(code) ?? [];
      ok(file !== undefined, `the first line of each file is its name: ${code}`);
      return `cat > ${file} <<'END-OF-FILE'\n${code}END-OF-FILE\n`;
    })
    .join('\n');
}

/** Runs it. The answers are the lines `answer NUMBER`. */
export async function runPage(
  script: string,
  folder: string,
  variables: { readonly [name: string]: string },
): Promise<{ readonly answers: readonly string[]; readonly said: string }> {
  const shell = spawn('bash', ['-c', script], { cwd: folder, env: { ...process.env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, said] = ['', ''];
  shell.stdout.on('data', (text) => (stdout += text));
  shell.stderr.on('data', (text) => (said += text));
  await once(shell, 'close');
  return { answers: [...stdout.matchAll(/^answer (\d+)$/gm)].map(([, status = '']) => status), said: said + stdout };
}
