import { readCookie } from './read-cookie.js';
import { isPrivate, networkOf } from './network-address.js';

const MAX_IP_LENGTH = 45;
const MAX_USER_AGENT_LENGTH = 255;

/** Where a request comes from, as the list of sessions shows it to the user. */
export interface Device {
  /** The client's address, by the adapter's own trust-proxy setting. */
  ip: string | null;
  /** What the client calls itself; the client chooses it. */
  userAgent: string | null;
}

/** The part of a request of either adapter that {@link deviceOf} reads. */
export interface DeviceRequest {
  ip?: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  socket?: { remoteAddress?: string };
}

/** What else a request says of where it comes from. */
export interface DeviceEvidence {
  /** The device cookie as it came; it proves nothing before it is verified. */
  readonly cookie?: string;
  /** True where the address is that of a proxy which the adapter was not told of: everybody behind it has the same one. */
  readonly isBehindUnknownProxy: boolean;
}

/** The name of the device cookie, but for its prefix. */
export const DEVICE_COOKIE = 'gatehouse-device';

/** Beside the devices and not in them: hooks and listeners get a device, and might log all that is in it. */
const EVIDENCE = new WeakMap<Device, DeviceEvidence>();

/** Reads address and User-Agent, made safe to store, to log and to show. */
export function deviceOf(request: DeviceRequest): Device {
  const { ip, headers } = request;
  const device = storableDevice({ ip, userAgent: headers['user-agent'] as string | undefined });
  const cookie =
    readCookie(headers['cookie'], `__Host-${DEVICE_COOKIE}`) ?? readCookie(headers['cookie'], DEVICE_COOKIE);
  EVIDENCE.set(device, { cookie, isBehindUnknownProxy: isBehindUnknownProxy(request) });
  return device;
}

/** What the request of a device said beside; nothing where the application made the device itself. */
export function evidenceOf(device: Device): DeviceEvidence {
  return EVIDENCE.get(device) ?? { isBehindUnknownProxy: false };
}

/** A neighbour that passes on what it has been sent, and that the adapter takes for the client all the same. */
function isBehindUnknownProxy({ ip = '', headers, socket }: DeviceRequest): boolean {
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  const peer = socket?.remoteAddress ?? '';
  return isForwarded && isPrivate(peer) && networkOf(ip) === networkOf(peer);
}

/** The same of what an application says by itself: safe to store, to log and to show. */
export function storableDevice({ ip, userAgent }: Partial<Device>): Device {
  return { ip: oneLine(ip, MAX_IP_LENGTH), userAgent: oneLine(userAgent, MAX_USER_AGENT_LENGTH) };
}

/** Without control and format characters, which could forge log lines or reorder what a page shows (CWE-117). */
function oneLine(text: string | null | undefined, maxLength: number): string | null {
  const cut = (text ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, maxLength);
  // Cutting may leave half a surrogate pair, which no database stores.
  return cut.replace(/\p{Surrogate}/gu, '').trim() || null;
}
