import { createHmac } from 'node:crypto';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../platform/common/clock.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { type Device, storableDevice } from '../../platform/common/device.js';
import { Database } from '../../platform/data/store/database.js';
import { EventsStore } from '../../platform/data/store/events.store.js';
import { KeyRing } from '../tokens/key-ring.js';
import {
  AUTH_EVENTS,
  type AuthEvent,
  type AuthEventDetail,
  type AuthEventName,
} from '../../platform/common/auth-event.js';
import { type EventListener, findEmitter, findMeter } from './event-listeners.js';

/** Published only: every few minutes per session, and its trace is in the session's row. */
const NOT_KEPT: AuthEventName = 'session_renewed';

/** What a flow knows of an event. */
export interface EventFacts extends AuthEventDetail {
  userId?: UserId | null;
  sessionId?: string;
  device?: Device;
  /** What a login named; told and kept as a pseudonym only. */
  identifier?: string;
}

/**
 * What happened, told once: kept in the audit trail, where the application has one, and published to the listeners.
 * Inside a transaction the row is written with it, and the listeners hear of it after the commit, or never.
 */
@Injectable()
export class EventLog implements OnModuleInit {
  private readonly logger = new Logger('AuthEvents');
  private listeners: EventListener[] = [];

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly moduleRef: ModuleRef,
    private readonly ring: KeyRing,
    private readonly trail: EventsStore,
  ) {}

  async onModuleInit(): Promise<void> {
    const found = [await findEmitter(this.moduleRef), await findMeter()];
    this.listeners = found.filter((listener) => listener !== undefined);
  }

  /** False where nobody would learn of an event, so that nothing need be looked up for it. */
  private get isOn(): boolean {
    return this.trail.isThere || this.listeners.length > 0;
  }

  /** Without a manager the row is a statement of its own: its failure is logged, and fails nobody's request. */
  async record(event: AuthEventName, facts: EventFacts, manager?: EntityManager): Promise<void> {
    if (!this.isOn) return;
    const { userId = null, sessionId = null, device, identifier, ...detail } = facts;
    const happened: AuthEvent = {
      event,
      level: AUTH_EVENTS[event],
      occurredAt: new Date(this.clock.now()),
      userId: userId === null ? null : String(userId),
      sessionId,
      ...storableDevice(device ?? {}),
      detail: identifier === undefined ? detail : { ...detail, pseudonym: this.pseudonymOf(identifier) },
    };
    if (manager) {
      await this.keep(manager, happened);
      this.database.afterCommit(manager, () => this.publish(happened));
    } else {
      await this.keepAlone(happened);
      this.publish(happened);
    }
  }

  /** By HMAC, so that who reads the trail cannot try addresses until one fits. */
  private pseudonymOf(identifier: string): string {
    return createHmac('sha256', this.ring.audit).update(identifier).digest('base64url');
  }

  /** Not even a turn in the queue of SQLite's writes where there is nothing to write. */
  private async keepAlone(event: AuthEvent): Promise<void> {
    if (!this.trail.isThere || event.event === NOT_KEPT) return;
    try {
      await this.database.write((manager) => this.keep(manager, event));
    } catch {
      this.logLost(event);
    }
  }

  private async keep(manager: EntityManager, event: AuthEvent): Promise<void> {
    if (event.event !== NOT_KEPT) await this.trail.insert(manager, event);
  }

  private publish(event: AuthEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.logger.error(`a listener of ${event.event} failed`, error instanceof Error ? error.stack : undefined);
      }
    }
  }

  private logLost({ event, userId, sessionId }: AuthEvent): void {
    this.logger.error(`not kept: ${event} user=${userId} session=${sessionId}`);
  }
}
