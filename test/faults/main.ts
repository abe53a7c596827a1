import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Fault, Figure } from './fault.js';
import { toTable, writeFigures } from './report.js';

const SUFFIX = '.fault.js';
const all = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .sort();

const USAGE = `npm run faults -- [--short] [--write] [name ...]

  name     one or more of ${all.join(', ')}; all where none is given
  --short  the form that every change runs
  --write  puts the figures of whole runs into docs/reliability.md

Exits 1 if a promise is broken or a script could not be carried out. Everything happens on 127.0.0.1 and is stopped again.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const names = positionals.length > 0 ? positionals : all;
if (values.help || (values.short && values.write) || names.some((name) => !all.includes(name))) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

let isBroken = false;
for (const name of names) {
  const { fault } = (await import(`./${name}${SUFFIX}`)) as { fault: Fault };
  console.log(`\n== ${name}: ${fault.claim}`);
  const startedAt = Date.now();
  let figures: Figure[];
  try {
    figures = await fault.run(values.short ? 'short' : 'whole');
  } catch (error) {
    console.error(error);
    isBroken = true;
    continue;
  }
  const table = toTable(figures);
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
  console.log(`${table}\n${name} took ${seconds} s`);
  if (figures.length === 0 || figures.some(({ holds }) => !holds)) isBroken = true;
  if (values.write) writeFigures(new URL('../../../../docs/reliability.md', import.meta.url), name, table);
}
// Whatever a driver still holds open does not keep the scripts alive.
process.exit(isBroken ? 1 : 0);
