import { IsOptional, IsString } from 'class-validator';
import { BaseUser, BaseUserToken, SignupDto, userTable, userTokenTable } from 'nestjs-gatehouse';
import { Column, Entity, JoinColumn, ManyToOne, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenIn } from './support/mailbox.js';
import { changeUser } from './support/rows.js';
import { createTestApp, PASSWORD, type Schema, type TestApp } from './support/test-app.js';

@Entity('users')
class Reader extends BaseUser {
  @Column({ type: 'varchar', length: 35, nullable: true })
  locale?: string | null;
}

@Entity('user_tokens')
class ReaderToken extends BaseUserToken {
  @ManyToOne(() => Reader, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: Reader;
}

class ReaderSignupDto extends SignupDto {
  @IsOptional()
  @IsString()
  locale?: string;
}

const READERS: Schema = {
  userEntity: Reader,
  tokenEntity: ReaderToken,
  createTables: async (runner: QueryRunner) => {
    await runner.createTable(
      userTable(runner, {
        name: 'users',
        columns: [{ name: 'locale', type: 'varchar', length: '35', isNullable: true }],
      }),
    );
    await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users' }));
  },
};

const ACTIVATION = {
  en: ['Activate your account', 'Hello,'],
  de: ['Konto aktivieren', 'Guten Tag,'],
  es: ['Activa tu cuenta', 'Hola:'],
  fr: ['Activez votre compte', 'Bonjour,'],
  'pt-BR': ['Ative sua conta', 'Olá,'],
} as const;

describe('mails to users with a locale', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({
      schema: READERS,
      options: { signupDto: ReaderSignupDto, mail: { defaultLocale: 'fr' } },
    });
  });
  afterAll(() => t.close());

  const signUp = async (email: string, locale?: string, mails = 1) => {
    await t.client.post('/auth/signup', { email, password: PASSWORD, ...(locale && { locale }) });
    return t.mailbox.waitFor(email, mails);
  };

  it.each(Object.entries(ACTIVATION))(
    'are written in %s, subject and both parts',
    async (locale, [title, greeting]) => {
      const mail = await signUp(`${locale.toLowerCase()}@example.com`, locale);
      expect(mail.subject).toBe(title);
      expect(mail.html).toContain(`<html lang="${locale}">`);
      expect(mail.html).toContain(greeting);
      expect(mail.text).toContain(greeting);
      for (const line of mail.text!.split('\n')) expect(line.length).toBeLessThan(120);
      expect(tokenIn(mail)).toMatch(/^[\w-]{64}$/);
    },
  );

  it.each([
    ['a region of a language there is', 'de-AT', 'de'],
    ['another region of it', 'pt-PT', 'pt-BR'],
    ['a language there is not', 'it', 'fr'],
    ['no language at all', '../../etc/passwd', 'fr'],
    ['none', undefined, 'fr'],
  ] as const)('with %s come in the nearest one, else in the default', async (_, locale, expected) => {
    const mail = await signUp(`x-${String(locale).toLowerCase().replace(/\W/g, '-')}@example.com`, locale);
    expect(mail.subject).toBe(ACTIVATION[expected][0]);
  });

  it('speak the language of the signup that is told, not of a stranger who signed up with the address before', async () => {
    expect((await signUp('twice@example.com', 'de')).subject).toBe(ACTIVATION.de[0]);
    expect((await signUp('twice@example.com', 'es', 2)).subject).toBe(ACTIVATION.es[0]);
  });

  it('follow the account when its language changes', async () => {
    const mail = await signUp('moved@example.com', 'en');
    await t.client.post('/auth/activate', { token: tokenIn(mail) });
    await changeUser(t, 'moved@example.com', { locale: 'pt-BR' } as object);
    await t.client.post('/auth/password-reset/request', { email: 'moved@example.com' });
    expect((await t.mailbox.waitFor('moved@example.com', 2)).subject).toBe('Redefina sua senha');
  });
});

describe.each(['express', 'fastify'] as const)('pages on %s', (adapter) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ adapter, mode: 'E', options: { mail: { defaultLocale: 'es' } } });
  });
  afterAll(() => t.close());

  const page = (acceptLanguage?: string) =>
    t.client.get(`/auth/password-reset/${'x'.repeat(64)}`, {
      headers: { ...(acceptLanguage && { 'accept-language': acceptLanguage }) },
    });

  it.each([
    ['de-CH,de;q=0.9,en;q=0.8', 'de', 'Der Link zum Zurücksetzen des Passworts ist ungültig oder abgelaufen.'],
    ['it, fr;q=0.5', 'fr', 'Le lien de réinitialisation du mot de passe n’est pas valide ou a expiré.'],
    ['pt', 'pt-BR', 'O link para redefinir a senha é inválido ou expirou.'],
    ['en', 'en', 'The password reset link is invalid or has expired.'],
    ['it', 'es', 'El enlace para restablecer la contraseña no es válido o ha caducado.'],
    ['"><script>', 'es', 'El enlace para restablecer la contraseña no es válido o ha caducado.'],
  ])('for %s come in %s, the reason included', async (header, lang, reason) => {
    const { status, text } = await page(header);
    expect(status).toBe(400);
    expect(text).toContain(`<html lang="${lang}">`);
    expect(text).toContain(reason);
    expect(text).not.toContain('script');
  });

  it('word the broken rules of a password in the language of the form', async () => {
    await t.activeUser('rules@example.com');
    await t.client.post('/auth/password-reset/request', { email: 'rules@example.com' });
    const path = `/auth/password-reset/${tokenIn(await t.mailbox.waitFor('rules@example.com', 2))}`;
    const headers = { 'accept-language': 'de', 'sec-fetch-site': 'same-origin' };
    const short = await t.client.postForm(path, { new_password: 'zu kurz' }, { headers });
    expect(short.status).toBe(400);
    expect(short.text).toContain('Das Passwort muss mindestens 12 Zeichen haben.');
    const different = await t.client.postForm(path, { new_password: PASSWORD, confirm_password: 'x' }, { headers });
    expect(different.text).toContain('Die beiden Passwörter sind verschieden.');
    // The API's messages are for developers, and stay English.
    const json = await t.client.post('/auth/signup', { email: 'json@example.com', password: 'short' }, { headers });
    expect(json.body.errors[0].messages).toEqual(['The password must have at least 12 characters.']);
  });
});
