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
  headers: { 'user-agent'?: string };
}

/** Reads address and User-Agent, made safe to store, to log and to show. */
export function deviceOf(request: DeviceRequest): Device {
  return storableDevice({ ip: request.ip, userAgent: request.headers['user-agent'] });
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
