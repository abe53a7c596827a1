import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { stringifySetCookie } from 'cookie';
import { Clock } from '../../platform/common/clock.js';
import { DEVICE_COOKIE, type Device, evidenceOf } from '../../platform/common/device.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { UserId } from '../../platform/data/entities/base-user.entity.js';
import { KeyRing } from '../tokens/key-ring.js';

/** 180 days. */
const LIFE_SECONDS = 180 * 86_400;

/** What a genuine cookie looks like: name of the device, end of its life in seconds since the epoch, HMAC. */
const FORM = /^([\w-]{22})\.(\d{10,11})\.([\w-]{43})$/;

/**
 * The cookie that a successful login leaves on a device (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"):
 * whoever has it was let in before, so strangers who fail for the account are not taken for them. It is bound to one
 * account, opens nothing, and its own wrong tries are counted as well. `__Host-gatehouse-device`, HttpOnly, 180 days, also
 * where tokens travel as bearer.
 */
@Injectable()
export class DeviceCookie {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** The name of the device where its cookie was given for that account, else undefined. */
  verify(cookie: string | undefined, userId: UserId): string | undefined {
    if (!this.config.limits.deviceCookie) return undefined;
    const [, device, end, mac] = FORM.exec(cookie ?? '') ?? [];
    if (device === undefined || end === undefined || mac === undefined) return undefined;
    if (Number(end) * 1000 <= this.clock.now()) return undefined;
    const given = Buffer.from(mac);
    const isGenuine = this.ring.device.some((key) =>
      timingSafeEqual(given, Buffer.from(macOf(key, userId, device, end))),
    );
    return isGenuine ? device : undefined;
  }

  /**
   * Leaves the cookie on the answer to a login, unless the device has one.
   * @param response the response object of the adapter in use
   */
  leave(userId: UserId, at: Device, response: unknown): void {
    if (!this.config.limits.deviceCookie || this.config.limits.mode === 'off') return;
    if (this.verify(evidenceOf(at).cookie, userId) !== undefined) return;
    const device = randomBytes(16).toString('base64url');
    const end = String(Math.floor(this.clock.now() / 1000) + LIFE_SECONDS);
    const { secure, sameSite } = this.config.cookie;
    const cookie = stringifySetCookie({
      name: secure ? `__Host-${DEVICE_COOKIE}` : DEVICE_COOKIE,
      value: `${device}.${end}.${macOf(this.ring.device[0], userId, device, end)}`,
      maxAge: LIFE_SECONDS,
      path: '/',
      httpOnly: true,
      secure,
      sameSite,
    });
    this.adapterHost.httpAdapter.appendHeader(response, 'Set-Cookie', cookie);
  }
}

function macOf(key: KeyObject, userId: UserId, device: string, end: string): string {
  return createHmac('sha256', key)
    .update(`${device}.${end}.${String(userId)}`)
    .digest('base64url');
}
