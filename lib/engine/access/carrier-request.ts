/** What the guard needs of a request, whatever carries it and whichever adapter serves it. */
export interface CarrierRequest {
  /** Absent in the handshake of a WebSocket that Socket.IO describes. */
  method?: string;
  headers: Record<string, string | string[] | undefined>;
}
