import { type ConfigUnderCheck, type Problem, problemAt } from './config-problem.js';

/**
 * One secret in two places: whoever learns it in one has the other as well, and neither can be replaced alone
 * (NIST SP 800-57 part 1, 5.2: a key serves one purpose).
 */
export function checkSharedSecrets({ config }: ConfigUnderCheck): Problem[] {
  const { jwt, hashing, smtp } = config;
  const signing = [jwt.secret, ...jwt.previousSecrets];
  const { pepper } = hashing;
  const { password } = smtp;
  return [
    pepper !== undefined &&
      signing.includes(pepper) &&
      problemAt(
        'hashing.pepper',
        'is a secret of jwt.secret or jwt.previousSecrets as well; whoever learns it forges tokens and guesses passwords with it',
        // Taken away without a word, no hash made with it could be verified any more.
        'Set another, and list this one in hashing.previousPeppers (AUTH_PASSWORD_PREVIOUS_PEPPERS) if it was in use.',
      ),
    password !== undefined &&
      [...signing, pepper].includes(password) &&
      problemAt(
        'smtp.password',
        'is jwt.secret, one before it, or the pepper as well; the mail server is told it at every login',
        'Set it to a password that the mail provider has made for this application.',
      ),
  ];
}
