import type { AuthConfig } from './auth-config.js';
import { type ConfigUnderCheck, type Problem, problemAt } from './config-problem.js';
import { checkDelivery } from './link-checks.js';
import { hasLevel } from './levels.js';
import { checkSharedSecrets } from './shared-secrets.js';
import { smtpWarning } from './smtp-checks.js';
import type { StartUpProblem } from './start-up-error.js';
import { checkCookies, checkDurations, checkIssuing, checkVerification } from './token-checks.js';

/** Everything wrong between the settings: what is missing, what contradicts, what is unsafe in production. */
export function checkConfig(draft: ConfigUnderCheck): readonly StartUpProblem[] {
  const { level } = draft.config;
  const found = [
    ...(level === 'none' ? checkVerification(draft) : checkIssuing(draft)),
    ...(hasLevel(level, 'basic') ? checkAccounts(draft) : []),
    ...(hasLevel(level, 'complete') ? [...checkDelivery(draft), ...checkDurations(draft), ...checkCookies(draft)] : []),
  ];
  return found.filter((problem) => problem !== false).filter((problem) => !draft.broken.has(problem.path));
}

/** What signup and login need. */
function checkAccounts(draft: ConfigUnderCheck): Problem[] {
  return [
    ...checkHashing(draft),
    draft.production &&
      draft.config.limits.mode === 'off' &&
      problemAt(
        'limits.mode',
        'is off in production: anybody may guess passwords as fast as the machine computes them',
        'Set it to on; to see first whom it would refuse, to observe.',
      ),
    ...checkSharedSecrets(draft),
    draft.config.password.minLength > draft.config.password.maxLength &&
      problemAt(
        'password.minLength',
        'is greater than password.maxLength, so no password would be accepted',
        'Lower it, or raise password.maxLength.',
      ),
  ];
}

/** What should be known about a valid configuration, as sentences for the log. */
export function configWarnings(config: AuthConfig, production: boolean): readonly string[] {
  const { cacheSeconds } = config.sessionCheck;
  const warnings = [
    smtpWarning(config),
    production &&
      config.level === 'basic' &&
      'level basic proves no address: anybody can take one that is not theirs, and a token works until it expires.',
    production &&
      config.allowUnsafeMode &&
      'allowUnsafeMode (AUTH_ALLOW_UNSAFE_MODE) is on in production: in modes C and D anybody can take an address that is not theirs.',
    cacheSeconds > 0 &&
      `sessionCheck.cacheSeconds (AUTH_SESSION_CHECK_CACHE_SECONDS) is above 0: revocation takes up to ${cacheSeconds} seconds.`,
  ];
  return warnings.filter((warning) => warning !== false);
}

/** Equivalent least parameters of Argon2id with one lane: OWASP Password Storage Cheat Sheet. */
const LEAST_HASHING: readonly (readonly [memoryKib: number, timeCost: number])[] = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9_216, 4],
  [7_168, 5],
];

function checkHashing({ config: { hashing }, production, broken }: ConfigUnderCheck): Problem[] {
  if (!production || broken.has('hashing.timeCost')) return [];
  const strong = LEAST_HASHING.some(([memory, time]) => hashing.memoryKib >= memory && hashing.timeCost >= time);
  return [
    !strong &&
      problemAt(
        'hashing.memoryKib',
        'is, with hashing.timeCost, below the least OWASP recommends for Argon2id; stolen hashes would be guessed too cheaply',
        'In production use 19456 KiB and 2 passes, or more.',
      ),
  ];
}
