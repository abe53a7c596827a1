import { Inject, Injectable, Optional, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { AuthEvent } from '../../common/auth-event.js';
import type { BaseAuthEvent } from '../entities/base-auth-event.entity.js';

/** Injection token of the application's event entity; absent where it keeps no audit trail. */
export const EVENT_ENTITY = Symbol('EVENT_ENTITY');

/** Adds rows to the application's audit trail, where it has one. */
@Injectable()
export class EventsStore {
  /** Orders the events of one millisecond. */
  private sequence = 0;

  constructor(@Optional() @Inject(EVENT_ENTITY) private readonly entity?: Type<BaseAuthEvent>) {}

  /** False where the application keeps no trail. */
  get isThere(): boolean {
    return this.entity !== undefined;
  }

  /** Does nothing without a trail. */
  async insert(manager: EntityManager, event: AuthEvent): Promise<void> {
    if (!this.entity) return;
    this.sequence = (this.sequence + 1) % 2 ** 31;
    const id = uuidv7({ msecs: event.occurredAt.getTime(), seq: this.sequence });
    const statement = manager.createQueryBuilder().insert().into(this.entity);
    await statement
      .values({ id, ...event })
      .updateEntity(false)
      .execute();
  }
}
