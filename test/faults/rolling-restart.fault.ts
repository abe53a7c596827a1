import { readTables, violationsIn } from './support/invariants.js';
import { type Fault, type Figure, none } from './fault.js';
import { allDelivered, duplicatesIn, lostMails } from './support/mails.js';
import { versionBefore } from './support/previous-version.js';
import { Rollout, type Version } from './rolling-restart/rollout.js';

const MIGRATION = 'sample-app/migrations/1796000000000-add-limits.ts';
/** Operations in each stage, on a machine that is busy with other things as well. */
const SOME = 40;
const NAMES = { postgres: 'PostgreSQL', mariadb: 'MariaDB' };
/** Longer than a claim of a worker lasts. */
const MAIL_PATIENCE_MS = 150_000;

export const fault: Fault = {
  claim:
    'All instances are replaced one by one under load, by those of the next version, its migration first: nobody is answered ' +
    '5xx, and nothing that was acknowledged is lost.',
  async run(size) {
    if (size === 'short') return roll('postgres', 'this', 2);
    const before = versionBefore(MIGRATION);
    if ('missing' in before) console.log(`From this version to this version only: ${before.missing}.`);
    const from: Version = 'missing' in before ? 'this' : before;
    return [...(await roll('postgres', from, 4)), ...(await roll('mariadb', from, 4))];
  },
};

async function roll(kind: keyof typeof NAMES, from: Version, instances: number): Promise<Figure[]> {
  return Rollout.with(kind, from, instances, async (rollout) => {
    const { balancer, visitors, database, mailbox } = rollout;
    const visit = visitors.visit();
    await rollout.getsDone(SOME);
    if (from !== 'this') await rollout.migrate();
    await rollout.getsDone(SOME);
    for (let index = 0; index < instances; index++) {
      await rollout.replace(index);
      console.log(`${NAMES[kind]}: ${index + 1} of ${instances} replaced, ${visitors.total} operations acknowledged`);
    }
    await rollout.getsDone(SOME);
    visitors.pause();
    await visit;
    const owed = await allDelivered(database, MAIL_PATIENCE_MS);
    const wrong = [...(await rollout.look()), ...violationsIn(await readTables(database))];
    const lost = lostMails(visitors.accounts, mailbox);
    const duplicates = duplicatesIn(mailbox.mails, new Set()).count;
    for (const line of [...balancer.failures, ...rollout.foreign, ...visitors.complaints, ...wrong, ...lost])
      console.log(line);
    const versions =
      from === 'this' ? 'this version to this version' : `${from.commit}, without limits, to this version`;
    const on = (what: string): string => `${what} (${NAMES[kind]}, ${instances} instances, ${versions})`;
    return [
      {
        what: on('requests answered, and passed on to another instance'),
        measured: `${balancer.answered}, ${balancer.passedOn}`,
        holds: true,
      },
      none(on('of these 5xx, cut off or never answered'), balancer.failures.length),
      none(on('other wrong answers'), visitors.complaints.length),
      none(on('sessions that another version or instance refused'), rollout.foreign.length),
      none(on('acknowledged and lost, half done, or against an invariant'), wrong.length),
      none(on(`of ${mailbox.mails.length} mails lost, or sent twice`), lost.length + owed + duplicates),
      rollout.slowestEnd(on('longest from SIGTERM to the end of a process')),
    ];
  });
}
