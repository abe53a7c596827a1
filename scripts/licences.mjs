import { readFileSync } from 'node:fs';

/**
 * Lists the licences of everything that is installed with the package, optional packages included, from package-lock.json.
 * Ends with 1 where there is one that obliges whoever ships an application to more than a notice.
 * A lock file of another project may be given as the argument.
 */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  // One of two, by choice.
  '(MIT OR EUPL-1.1+)',
  // As the author of slick wrote it.
  'MIT (http://mootools.net/license.txt)',
  // Data of caniuse-lite, which the mailer of Nest can use to shorten HTML; nothing of it is shipped by an application.
  'CC-BY-4.0',
]);

const file = process.argv[2] ?? new URL('../package-lock.json', import.meta.url);
const { packages } = JSON.parse(readFileSync(file, 'utf8'));
const byLicence = new Map();
for (const [path, { version, license = 'none stated', dev, devOptional }] of Object.entries(packages)) {
  if (path === '' || dev || devOptional) continue;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  byLicence.set(license, [...(byLicence.get(license) ?? []), `${name}@${version}`]);
}

for (const [licence, names] of [...byLicence].sort((one, other) => other[1].length - one[1].length)) {
  const some = names.length > 6 ? `${names.slice(0, 3).join(', ')}, …` : names.join(', ');
  console.log(`${String(names.length).padStart(4)}  ${licence.padEnd(38)} ${some}`);
}

const refused = [...byLicence.keys()].filter((licence) => !ALLOWED.has(licence));
for (const licence of refused) console.error(`not allowed: ${licence} of ${byLicence.get(licence).join(', ')}`);
process.exitCode = refused.length > 0 ? 1 : 0;
