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
  --short  the form that every change runs; what misses is tried once more
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
  const figures = await carryOut(name, fault);
  // What a busy machine has spoilt is tried once more; a promise that is broken shows again, and both tables are printed.
  const again = values.short && !isSound(figures) ? await carryOut(name, fault) : figures;
  if (!isSound(again)) isBroken = true;
  if (values.write) writeFigures(new URL('../../../../docs/reliability.md', import.meta.url), name, toTable(figures));
}
async function carryOut(name: string, fault: Fault): Promise<Figure[]> {
  const startedAt = Date.now();
  try {
    const figures = await fault.run(values.short ? 'short' : 'whole');
    console.log(`${toTable(figures)}\n${name} took ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
    return figures;
  } catch (error) {
    console.error(error);
    return [];
  }
}

/** False also where there is no figure at all. */
function isSound(figures: readonly Figure[]): boolean {
  return figures.length > 0 && figures.every(({ holds }) => holds);
}

// Whatever a driver still holds open does not keep the scripts alive.
process.exit(isBroken ? 1 : 0);
