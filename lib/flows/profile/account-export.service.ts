import { Inject, Injectable } from '@nestjs/common';
import type { EntityMetadata } from 'typeorm';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import { isPlainObject } from '../../platform/common/plain-object.js';
import type { BaseUserToken } from '../../platform/data/entities/base-user-token.entity.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { ACCOUNT_ENTITIES, type AccountEntities } from '../../platform/data/store/account-entities.js';
import { Database } from '../../platform/data/store/database.js';
import { TokensStore } from '../../platform/data/store/tokens.store.js';
import { UsersStore } from '../../platform/data/store/users.store.js';

/** A row, its columns in snake_case. */
type Exported = Record<string, unknown>;

/** Everything the module stores about an account (GDPR, articles 15 and 20), on the wire as it is here. */
export interface AccountExport {
  /** ISO 8601. */
  exported_at: string;
  account: Exported;
  sessions: Exported[];
  links: Exported[];
  /** Mails without a link. */
  notices: Exported[];
}

/** What proves who somebody is: of no use to the user, and of every use to whoever finds the file. */
const SECRETS = new Set(['passwordHash', 'tokenHash', 'nonce']);

/** Gives users all that is stored about them. */
@Injectable()
export class AccountExportService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersStore,
    private readonly tokens: TokensStore,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ENTITIES) private readonly entities: AccountEntities,
  ) {}

  /**
   * Every column of the user's row and of its sessions, links and notices, those of the application included, but
   * for secrets and for columns the application hides by `select: false`.
   * @throws AuthError ACCESS_INVALID_TOKEN where the account is gone
   */
  async export(userId: UserId): Promise<AccountExport> {
    const account = await this.users.findById(userId);
    if (!account) throw new AuthError('ACCESS_INVALID_TOKEN');
    const rows = await this.tokens.findAllOf(userId);
    const { dataSource } = this.database;
    const tokenMetadata = dataSource.getMetadata(this.entities.token);
    const exported = (isWanted: (row: BaseUserToken) => boolean) =>
      rows.filter(isWanted).map((row) => exportRow(tokenMetadata, row));
    return {
      exported_at: new Date(this.clock.now()).toISOString(),
      account: exportRow(dataSource.getMetadata(this.entities.user), account),
      sessions: exported(({ purpose }) => purpose === 'session'),
      links: exported(({ tokenHash }) => tokenHash !== null),
      notices: exported(({ purpose, tokenHash }) => purpose !== 'session' && tokenHash === null),
    };
  }
}

function exportRow({ columns }: EntityMetadata, row: object): Exported {
  const visible = columns.filter(({ propertyName, isSelect }) => isSelect && !SECRETS.has(propertyName));
  const cells = visible.map((column) => [column.propertyPath, column.getEntityValue(row) as unknown] as const);
  return withoutSecrets(Object.fromEntries(cells.filter(([, value]) => value !== undefined)));
}

/** Names in snake_case, what a link keeps as JSON included. Instants and bytes are left to JSON. */
function withoutSecrets(value: object): Exported {
  const kept = Object.entries(value).filter(([name]) => !SECRETS.has(name));
  return Object.fromEntries(
    kept.map(([name, content]: [string, unknown]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      isPlainObject(content) ? withoutSecrets(content) : typeof content === 'bigint' ? String(content) : content,
    ]),
  );
}
