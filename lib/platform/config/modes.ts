/** The three flags a mode presets, and whether mail leaves the application at all. */
export interface ModePreset {
  readonly name: string;
  readonly autoActivate: boolean;
  readonly returnLinkInResponse: boolean;
  readonly backendLinks: boolean;
  readonly sendsMail: boolean;
}

/** The five operating modes: presets of one code base. Any single flag may still be set by hand. */
export const MODES = {
  A: { name: 'production', autoActivate: false, returnLinkInResponse: false, backendLinks: false, sendsMail: true },
  B: { name: 'local-smtp', autoActivate: false, returnLinkInResponse: false, backendLinks: false, sendsMail: true },
  C: {
    name: 'link-in-response',
    autoActivate: false,
    returnLinkInResponse: true,
    backendLinks: false,
    sendsMail: false,
  },
  D: { name: 'auto-activate', autoActivate: true, returnLinkInResponse: false, backendLinks: false, sendsMail: false },
  E: { name: 'backend-pages', autoActivate: false, returnLinkInResponse: false, backendLinks: true, sendsMail: true },
} as const satisfies Record<string, ModePreset>;

/** A mode by letter. */
export type ModeLetter = keyof typeof MODES;

/** A mode by name. */
export type ModeName = (typeof MODES)[ModeLetter]['name'];
