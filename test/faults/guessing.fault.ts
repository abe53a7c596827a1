import type { Fault, Figure, Size } from './fault.js';
import { none } from './fault.js';
import { CrowdProcess } from './support/crowd.js';
import { atMost, mib, ms, told } from './support/figures.js';
import { ATTACKS, type Attack, GuessedSample, type OwnersLogins } from './support/guessed-sample.js';
import { type LoadOfLogins, loadOfLogins } from './support/load-of-logins.js';
import { withSample } from './support/measured-sample.js';

const SECONDS = { short: 1, whole: 20 };

async function run(size: Size): Promise<Figure[]> {
  const [guessers, owner] = [await CrowdProcess.start(), await CrowdProcess.start()];
  const seconds = SECONDS[size];
  try {
    const without = await withSample('postgres', { AUTH_LIMITS: 'off' }, async (measured) => {
      const sample = await GuessedSample.prepare(measured, guessers, owner);
      return {
        alone: await sample.logins(seconds),
        attacked: await sample.under(ATTACKS.oneAddress, seconds),
        load: await loadOfLogins(measured, guessers, size),
      };
    });
    const figures = await withSample('postgres', { AUTH_LIMITS: 'on' }, async (measured) => {
      const sample = await GuessedSample.prepare(measured, guessers, owner);
      const mustGetIn: Figure[] = [];
      // A thousand tries are hashed before fifty networks are limited: too long for every change.
      const some = size === 'short' ? [ATTACKS.oneAddress] : [ATTACKS.oneAddress, ATTACKS.manyAddresses];
      for (const attack of some) {
        const atFirst = await sample.untilLimited(attack);
        mustGetIn.push(
          gotIn(`with limits, ${attack.what}`, await sample.under(attack, seconds), '100 %'),
          gotIn(`the ${atFirst.seconds.toFixed(0)} s before, until each of them was limited`, atFirst),
        );
      }
      const atOwner = await sample.under(ATTACKS.ownersAccount, seconds);
      mustGetIn.push(gotIn(`with limits, ${ATTACKS.ownersAccount.what}`, atOwner, '100 %'));
      const { what } = ATTACKS.ownersAccount;
      const stranger: Attack = { ...ATTACKS.ownersAccount, hasCookie: false };
      const refused = await sample.under(stranger, seconds);
      return [
        ...mustGetIn,
        gotIn(`with limits, ${what.replace('with', 'without')}`, refused),
        ...(await limitedLogins(sample, seconds)),
      ];
    });
    const { alone, attacked, load } = without;
    return [
      gotIn('nobody guesses', alone),
      gotIn(`without limits, ${ATTACKS.oneAddress.what}`, attacked),
      ...figures,
      told('CPU of a login that is hashed', ms(load.cpuMs)),
      ...figuresOfLoad(load, size),
    ];
  } finally {
    await guessers.stop();
    await owner.stop();
  }
}

function figuresOfLoad({ loopP99, peakRss, baseRss, permits }: LoadOfLogins, size: Size): Figure[] {
  const loop = 'event loop delay, p99, at 20 parallel logins';
  const memory = `memory (RSS) at 20 parallel logins, ${permits} hashes at once`;
  // On a machine that does other things, as that of every change, the delay is theirs.
  return [
    size === 'short' ? told(loop, ms(loopP99)) : atMost(loop, loopP99, 50, ms),
    atMost(memory, peakRss, baseRss + permits * 19 * 1024 ** 2, mib),
  ];
}

function gotIn(what: string, { all, first, median, p99 }: OwnersLogins, bar?: string): Figure {
  const waits = first > 0 ? `, median ${ms(median)}, p99 ${ms(p99)}` : '';
  const measured = `${first} of ${all} logins at the first try${waits}`;
  return { what, measured, bar, holds: bar === undefined || first === all };
}

async function limitedLogins(sample: GuessedSample, seconds: number): Promise<Figure[]> {
  const limited = await sample.limitedLogins(seconds);
  const cheap = await sample.healthChecks(seconds);
  const rate = `of ${Math.round(limited.perSecond)} a second`;
  return [
    none(`passwords hashed for ${limited.count.toLocaleString('en')} limited logins, ${rate}`, limited.hashes),
    told(`CPU of a limited login, ${rate}`, ms(limited.cpuMs)),
    told(`CPU of a request that does nothing, of ${Math.round(cheap.perSecond)} a second`, ms(cheap.cpuMs)),
  ];
}

export const fault: Fault = {
  claim: '100 connections that only guess keep no owner out, and cost no hashes once they are limited',
  bars: ['C14'],
  run,
};
