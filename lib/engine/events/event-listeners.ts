import type { ModuleRef } from '@nestjs/core';
import type { AuthEvent } from '../../platform/common/auth-event.js';
import { loadOpenTelemetry, SCOPE } from '../../platform/common/opentelemetry.js';
import { optionalPackage } from '../../platform/common/optional-package.js';

/** Hears of every event, at once and without being waited for. */
export type EventListener = (event: AuthEvent) => void;

/** Publishes `auth.<event>` through @nestjs/event-emitter, where the application has imported its module. */
export async function findEmitter(moduleRef: ModuleRef): Promise<EventListener | undefined> {
  const library = await optionalPackage('@nestjs/event-emitter', () => import('@nestjs/event-emitter'));
  if (!library) return undefined;
  try {
    const emitter = moduleRef.get(library.EventEmitter2, { strict: false });
    return (event) => void emitter.emit(`auth.${event.event}`, event);
  } catch {
    // Installed, but EventEmitterModule is not imported: nobody listens.
    return undefined;
  }
}

/**
 * Counts events through @opentelemetry/api, where it is installed: `gatehouse.events`, by event and reason, never by
 * person. Without an SDK each count is a call that does nothing.
 */
export async function findMeter(): Promise<EventListener | undefined> {
  const library = await loadOpenTelemetry();
  const counter = library?.metrics.getMeter(SCOPE).createCounter('gatehouse.events', {
    description: 'What happened to accounts, sessions and mails.',
    unit: '{event}',
  });
  return (
    counter &&
    (({ event, detail: { reason, purpose } }) =>
      counter.add(1, {
        'gatehouse.event': event,
        ...(reason && { 'gatehouse.reason': reason }),
        ...(purpose && { 'gatehouse.purpose': purpose }),
      }))
  );
}
