import { beforeAll, describe, expect, it } from 'vitest';
import { AuthError, type FieldProblem } from '../../lib/platform/common/auth.errors.js';
import type { AuthConfig } from '../../lib/platform/config/auth-config.js';
import type { BreachCheck } from '../../lib/engine/passwords/breach-check.js';
import { PasswordPolicy, type PasswordOwner } from '../../lib/engine/passwords/password-policy.js';

const KATE: PasswordOwner = { email: 'kate.miller@example.com', name: 'Kate Miller-Okonkwo' };

function createPolicy(password: Partial<AuthConfig['password']> = {}): PasswordPolicy {
  const rules = { minLength: 12, maxLength: 128, requireComplexity: false, blockCommon: true };
  const settings = { ...rules, normalisation: 'nfc', ...password };
  const breaches: Pick<BreachCheck, 'finds'> = { finds: () => Promise.resolve(false) };
  return new PasswordPolicy({ password: settings } as AuthConfig, breaches as BreachCheck);
}

/** The messages of the refusal; none when the password is accepted. */
async function refusal(policy: PasswordPolicy, password: string, owner = KATE): Promise<string[]> {
  return (await problems(policy, password, owner)).flatMap(({ messages }) => messages);
}

/** The fields the refusal names; none when the password is accepted. */
async function problems(
  policy: PasswordPolicy,
  password: string,
  owner: PasswordOwner,
  field?: string,
): Promise<FieldProblem[]> {
  try {
    await policy.assertAcceptable(password, owner, field);
    return [];
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== 'PASSWORD_REJECTED') throw error;
    return (error.getResponse() as { errors: FieldProblem[] }).errors;
  }
}

/** A password of one emoji, that many times. */
const emoji = (count: number) => '\u{1F600}'.repeat(count);

describe('PasswordPolicy', () => {
  let policy: PasswordPolicy;
  beforeAll(async () => {
    policy = createPolicy();
  });

  it('counts length in code points', async () => {
    const lenient = createPolicy({ blockCommon: false });
    expect(await refusal(lenient, emoji(11))).toEqual(['The password must have at least 12 characters.']);
    expect(await refusal(lenient, emoji(12))).toEqual([]);
    expect(await refusal(lenient, emoji(128))).toEqual([]);
    expect(await refusal(lenient, emoji(129))).toEqual([
      'The password must have at most 128 characters and 1024 bytes.',
    ]);
  });

  it('counts what is hashed: a letter that is typed as two code points counts once', async () => {
    const [eleven, twelve] = ['\u1ec7'.repeat(11), '\u1ec7'.repeat(12)];
    const lenient = createPolicy({ blockCommon: false });
    for (const form of ['NFC', 'NFD']) {
      expect(await refusal(lenient, eleven.normalize(form))).toEqual([
        'The password must have at least 12 characters.',
      ]);
      expect(await refusal(lenient, twelve.normalize(form))).toEqual([]);
      expect(await refusal(lenient, '\uac01'.repeat(128).normalize(form))).toEqual([]);
      expect(await refusal(lenient, '\uac01'.repeat(129).normalize(form))).toHaveLength(1);
    }
    const exact = createPolicy({ blockCommon: false, normalisation: 'none' });
    expect(await refusal(exact, eleven.normalize('NFD'))).toEqual([]);
  });

  it('finds the name in a password of the other spelling', async () => {
    const owner = { email: 'x@example.com', name: 'Zo\u00e9 L\u00e9v\u00eaque' };
    for (const password of ['l\u00e9v\u00eaque2024', 'le\u0301ve\u0302que20245']) {
      expect(await refusal(policy, password, owner)).toContain('The password is too close to the address or the name.');
    }
  });

  it('refuses characters of which nobody knows yet how they are spelt', async () => {
    const unassigned = 'tulip harbour \u0378';
    const message = 'The password must not contain characters that this server does not know yet.';
    expect(await refusal(policy, unassigned)).toEqual([message]);
    expect(await refusal(createPolicy({ normalisation: 'none' }), unassigned)).toEqual([]);
    expect(await refusal(policy, 'tulip harbour \u{1F600}\u{1F468}\u200d\u{1F469}')).toEqual([]);
  });

  it('refuses more than 1024 bytes, however many characters are allowed', async () => {
    const lenient = createPolicy({ blockCommon: false, maxLength: 1024 });
    expect(await refusal(lenient, emoji(256))).toEqual([]);
    expect(await refusal(lenient, emoji(257))).toHaveLength(1);
  });

  it('judges an enormous password for its size only', async () => {
    const strict = createPolicy({ requireComplexity: true });
    expect(await refusal(strict, 'a'.repeat(1_000_000))).toEqual([
      'The password must have at most 128 characters and 1024 bytes.',
    ]);
  });

  it.each(['tulip \ud800 harbour', '\udc00 tulip harbour', 'tulip harbour \ude00\ud83d'])(
    'refuses a lone surrogate',
    async (password) => {
      expect(await refusal(policy, password)).toEqual(['The password must be well-formed Unicode text.']);
    },
  );

  it('demands four kinds of characters only when told to, in any script', async () => {
    const strict = createPolicy({ requireComplexity: true });
    expect(await refusal(strict, 'тюльпан гавань')).toEqual([
      'The password must contain an upper case letter.',
      'The password must contain a digit.',
    ]);
    expect(await refusal(strict, 'TULIPHARBOURPIANO')).toEqual([
      'The password must contain a lower case letter.',
      'The password must contain a digit.',
      'The password must contain a symbol.',
    ]);
    expect(await refusal(strict, 'Тюльпан гавань ٣')).toEqual([]);
    expect(await refusal(policy, 'tulipharbourpiano')).toEqual([]);
  });

  it('names every broken rule at once, under the field it is given', async () => {
    const strict = createPolicy({ requireComplexity: true });
    const messages = [
      'The password must have at least 12 characters.',
      'The password must contain an upper case letter.',
      'The password must contain a digit.',
      'The password must contain a symbol.',
      'The password is too close to the address or the name.',
    ];
    expect(await problems(strict, 'kate', KATE)).toEqual([{ field: 'password', messages }]);
    expect(await problems(strict, 'kate', KATE, 'new_password')).toEqual([{ field: 'new_password', messages }]);
  });

  it.each(['leavemealone', 'LeaveMeAlone', 'password1234', 'Football2024!', '!!iloveyou!!', '1234Jennifer'])(
    'refuses the common password %s',
    async (password) => {
      expect(await refusal(policy, password)).toContain('The password is one of the most common ones.');
    },
  );

  it.each([
    'aaaaaaaaaaaa',
    'abababababab',
    'abcabcabcabc',
    'Wxy!Wxy!Wxy!W',
    '123456789012',
    '987654321098',
    '012345678901',
    'qwertyuiopasdf',
    'QWERTZUIOPASDF',
    'poiuytrewqlk',
    'abcdefghijkl',
    'zyxwvutsrqponm',
    '1qaz2wsx3edc',
    'qwerty654321',
    'aaaabbbbcccc',
  ])('refuses the repetition or sequence %s', async (password) => {
    expect(await refusal(policy, password)).toContain('The password is a repetition or a sequence.');
  });

  it.each([
    'kate.miller@example.com',
    'Kate.Miller@Example.COM',
    'kate.miller1',
    'katemiller12!',
    'millerkate123',
    'example-Kate',
    '1Okonkwo2345',
    'Okonkwo-Miller',
  ])('refuses %s, which is the address or the name and little else', async (password) => {
    expect(await refusal(policy, password)).toContain('The password is too close to the address or the name.');
  });

  it('refuses the whole address however long its short labels are', async () => {
    const owner = { email: 'bo@ab.cd.ef.uk' };
    expect(await refusal(policy, 'bo@ab.cd.ef.uk', owner)).toEqual([
      'The password is too close to the address or the name.',
    ]);
  });

  it.each([
    'correct horse battery staple',
    'kate likes green tulips',
    'my example of a passphrase',
    'Football in the harbour',
    'dragon8271946305',
    'tulip-harbour-piano',
    'xK9#mQ2$vL7!',
    '849 203 175 662',
    'ключ от старой двери',
    '山の上に小さな家があります',
  ])('accepts %s', async (password) => {
    expect(await refusal(policy, password)).toEqual([]);
  });

  it('finds no context in a name of short parts, or in none', async () => {
    expect(await refusal(policy, 'a bo tulip harbour', { email: 'a@b.co', name: 'Bo' })).toEqual([]);
    expect(await refusal(policy, 'tulip harbour piano', { email: 'a@b.co', name: null })).toEqual([]);
  });

  it('asks nothing but length and form when common passwords are not blocked', async () => {
    const lenient = createPolicy({ blockCommon: false });
    for (const password of ['password1234', 'aaaaaaaaaaaa', 'kate.miller@example.com']) {
      expect(await refusal(lenient, password)).toEqual([]);
    }
  });

  it('knows shorter common passwords when shorter ones are allowed', async () => {
    const short = createPolicy({ minLength: 8 });
    for (const password of ['baseball', 'trustno1', 'Dragon12']) {
      expect(await refusal(short, password)).toContain('The password is one of the most common ones.');
    }
    expect(await refusal(short, 'tulipxqz')).toEqual([]);
  });

  it('never repeats the password', async () => {
    const strict = createPolicy({ requireComplexity: true });
    for (const password of ['kate', 'leavemealone', 'qwertyuiopasdf', 'kate.miller@example.com']) {
      expect((await refusal(strict, password)).join(' ')).not.toContain(password);
    }
  });

  it('knows its list from the first password on', async () => {
    expect(await refusal(createPolicy(), 'leavemealone')).toContainEqual(expect.stringContaining('common'));
  });
});
