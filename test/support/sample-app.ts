import { expect } from 'vitest';
import { type SampleProcess, startSampleProcess } from './sample-process.js';
import { createDatabase, type TestDatabase } from './databases.js';
import { freePort } from './free-port.js';
import { Mailbox, type ReceivedMail } from './mailbox.js';

/** The built sample application, and everything round it. */
export interface Sample {
  origin: string;
  app: SampleProcess;
  database: TestDatabase;
  mailbox: Mailbox;
  stop(): Promise<void>;
}

/** Starts the built sample application, its links leading to its own page. */
export async function startSample(env: Record<string, string>): Promise<Sample> {
  const [port, mailbox, database] = await Promise.all([freePort(), new Mailbox().goUp(), createDatabase('sqlite')]);
  const origin = `http://localhost:${port}`;
  const app = await startSampleProcess(database, mailbox, {
    PORT: String(port),
    AUTH_ACTIVATION_URL_TEMPLATE: `${origin}/#activate={token}`,
    AUTH_PASSWORD_RESET_URL_TEMPLATE: `${origin}/#reset={token}`,
    AUTH_EMAIL_CHANGE_URL_TEMPLATE: `${origin}/#email-change={token}`,
    AUTH_EMAIL_CHANGE_UNDO_URL_TEMPLATE: `${origin}/#undo-email-change={token}`,
    ...env,
  });
  const stop = async (): Promise<void> => {
    await app.stop();
    await Promise.all([mailbox.goDown(), database.drop()]);
  };
  return { origin, app, database, mailbox, stop };
}

/** The link of a mail to the page, as it was mailed. */
export function mailedLink({ text }: ReceivedMail, { origin }: Sample): string {
  const links = text!.match(/https?:\/\/\S+/g)!.filter((link) => link.startsWith(`${origin}/#`));
  expect(links).toHaveLength(1);
  return links[0]!;
}

/** What the API says to an access token, whatever the page thinks of it. */
export async function statusOf({ app }: Sample, bearer: string): Promise<number> {
  return (await app.client.get('/demo/protected', { bearer })).status;
}
