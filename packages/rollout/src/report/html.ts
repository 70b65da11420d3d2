/** The report as one HTML page that stands alone: no script, no font, no address but its own. */
import { CLASSES, type ClassName } from './classes.ts';
import { percent, type ReadinessReport, type Slice } from './report.ts';

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
td,th{padding:.25rem .6rem;text-align:left;border-bottom:1px solid #e3e6ea;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.yes{color:#116329}.no{color:#a40e26}svg{width:100%;height:14px;display:block;border-radius:2px}.key i{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}
td{overflow-wrap:anywhere}td.bar{width:45%}
@media(max-width:40rem){body{margin:1rem auto}td,th{padding:.2rem .25rem;font-size:.85rem}.bar{display:none}}
@media(prefers-color-scheme:dark){body{color:#e6e9ed;background:#16191d}td,th{border-color:#333a42}.yes{color:#57c878}.no{color:#ff7b88}}`;

const COLOURS = { verified: '#2da44e', genuine: '#d4a72c', hostile: '#8c5bd6', ours: '#cf222e' } as const;

/** The report as a page. Texts that clients chose are escaped, and nothing in it is ever loaded or run. */
export function htmlReport(report: ReadinessReport): string {
  const { all, refused, genuine, ready, findings, classes, lines } = report;
  const head = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Readiness to enforce</title><style>${STYLE}</style></head><body><main>`;
  const summary = `<h1 class="${ready ? 'yes' : 'no'}">${ready ? 'Ready to enforce' : 'Not ready to enforce'}</h1>
<p>${text(report.from ?? 'nothing')} to ${text(report.to ?? 'nothing')}. Enforcing now would refuse <b>${refused}</b> of <b>${all}</b> requests; <b>${genuine}</b> of them look genuine.</p>
<ul>${findings.map((finding) => `<li class="${finding.holds ? 'yes' : 'no'}">${finding.holds ? '&#10003;' : '&#10007;'} ${text(finding.text)}</li>`).join('')}</ul>
<p class="key"><i style="background:${COLOURS.verified}"></i>verified<i style="background:${COLOURS.genuine}"></i>looks genuine<i style="background:${COLOURS.hostile}"></i>what you want to refuse<i style="background:${COLOURS.ours}"></i>our own</p>`;
  const what = classes.map(
    ({ name, count }) =>
      `<tr><td>${text(CLASSES[name].title)}</td><td class="n">${count}</td><td class="n">${percent(count / all)}</td><td>${text(CLASSES[name].action).replace(/`([^`]+)`/g, '<code>$1</code>')}</td></tr>`,
  );
  const codes = report.codes.map(
    (row) =>
      `<tr><td><code>${text(row.code)}</code></td><td class="n">${row.count}</td><td class="n">${row.devices}</td><td class="n">${row.addresses}</td></tr>`,
  );
  return `${head}${summary}<h2>What it is, and what to do</h2><table><tr><th>class</th><th class="n">requests</th><th class="n">share</th><th>what to do</th></tr>${what.join('')}</table>
${section('By day', report.byDay)}${section('By route', report.byRoute)}${section('By version of the app', report.byVersion)}${section('By platform', report.byPlatform)}
<h2>Codes</h2><table><tr><th>code</th><th class="n">requests</th><th class="n">devices, about</th><th class="n">networks, about</th></tr>${codes.join('')}</table>
<p>${lines.damaged} lines could not be read; ${lines.dropped} decisions were not logged.${lines.coarse ? ' Hours were put together.' : ''}</p></main></body></html>\n`;
}

function section(title: string, slices: readonly Slice[]): string {
  const rows = slices.map(
    (slice) =>
      `<tr><td>${text(slice.name)}</td><td class="n">${slice.all}</td><td class="n">${slice.refused}</td><td class="n">${slice.genuine}</td><td class="bar">${bar(slice)}</td></tr>`,
  );
  return `<h2>${title}</h2><table><tr><th>name</th><th class="n">requests</th><th class="n">refused</th><th class="n">genuine</th><th class="bar">shares</th></tr>${rows.join('')}</table>`;
}

function bar({ classes, all }: Slice): string {
  let from = 0;
  const parts = classes.map(({ name, count }) => {
    const width = (count / all) * 1000;
    const part = `<rect x="${from.toFixed(2)}" width="${width.toFixed(2)}" height="14" fill="${colourOf(name)}"><title>${text(CLASSES[name].title)}: ${count}</title></rect>`;
    from += width;
    return part;
  });
  const told = classes.map(({ name, count }) => `${CLASSES[name].title} ${count}`).join(', ');
  return `<svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label="${text(told)}">${parts.join('')}</svg>`;
}

function colourOf(name: ClassName): string {
  if (name === 'verified') return COLOURS.verified;
  if (name === 'our-outage' || name === 'wrong-key') return COLOURS.ours;
  return CLASSES[name].genuine ? COLOURS.genuine : COLOURS.hostile;
}

const ENTITIES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function text(value: string): string {
  return value
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/g, '?');
}
