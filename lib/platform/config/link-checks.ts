import type { AuthConfig } from './auth-config.js';
import { type ConfigUnderCheck, type Problem, problemAt } from './config-problem.js';
import { MODES } from './modes.js';
import { SETTINGS, valueAt } from './settings.js';
import { checkSmtp } from './smtp-checks.js';
import type { StartUpProblem } from './start-up-error.js';

/** How links reach their users. */
export function checkDelivery(draft: ConfigUnderCheck): Problem[] {
  const { broken } = draft;
  // Without a known level and mode nobody can say which flags, links or mail server they need.
  const byMode =
    broken.has('level') || broken.has('mode')
      ? []
      : [...checkMode(draft), ...checkLinks(draft), ...checkMail(draft.config)];
  return [...byMode, ...checkSmtp(draft)];
}

function checkMode({ config, production, broken }: ConfigUnderCheck): Problem[] {
  const preset = MODES[config.mode];
  const unsafe = production && !config.allowUnsafeMode && !broken.has('allowUnsafeMode');
  const unsafeMode = preset.autoActivate || preset.returnLinkInResponse;
  const allow = 'Turn it off, or set allowUnsafeMode (AUTH_ALLOW_UNSAFE_MODE) if nobody but you can reach this server.';
  return [
    unsafe &&
      unsafeMode &&
      problemAt(
        'mode',
        'is unsafe in production: modes C and D prove no address, so anybody can take one that is not theirs',
        'Use mode A or E, or set allowUnsafeMode (AUTH_ALLOW_UNSAFE_MODE) if nobody but you can reach this server.',
      ),
    unsafe &&
      !unsafeMode &&
      config.autoActivate &&
      problemAt(
        'autoActivate',
        'is unsafe in production: accounts become active with addresses nobody has proved',
        allow,
      ),
    unsafe &&
      !unsafeMode &&
      config.returnLinkInResponse &&
      problemAt(
        'returnLinkInResponse',
        'is unsafe in production: whoever asks to reset a password is handed the link, whosever account it is',
        allow,
      ),
    config.autoActivate &&
      config.returnLinkInResponse &&
      problemAt(
        'returnLinkInResponse',
        'contradicts autoActivate; an account that is active at once has no activation link to return',
        'Turn one of the two off.',
      ),
    !config.sendsMail &&
      !config.autoActivate &&
      !config.returnLinkInResponse &&
      problemAt(
        preset.autoActivate ? 'autoActivate' : 'returnLinkInResponse',
        `is off, and mode ${config.mode} sends no mail, so nothing would ever deliver the activation link`,
        'Choose a mode that sends mail (A, B or E), or leave the flag to the mode.',
      ),
  ];
}

function checkLinks({ config, production }: ConfigUnderCheck): Problem[] {
  const linksLeave = config.sendsMail || config.returnLinkInResponse;
  const expected = production && !config.backendLinks && linksLeave;
  return [
    config.backendLinks &&
      config.publicUrl === undefined &&
      problemAt(
        'publicUrl',
        'is missing; links lead to pages of this back end, and its address as users see it is never guessed from a Host header, which the client writes',
        'Set it to the origin of the back end, e.g. https://api.example.com.',
      ),
    ...SETTINGS.filter(({ kind }) => kind === 'link-template').map(
      ({ path }) => expected && valueAt(config, path) === undefined && missingTemplate(path),
    ),
  ];
}

function missingTemplate(path: string): StartUpProblem {
  return problemAt(
    path,
    'is missing; in production nothing is assumed about where the front end is, and links would lead nowhere',
    'Set it to an https address of the front end with {token} in it.',
  );
}

function checkMail({ sendsMail, smtp }: AuthConfig): Problem[] {
  const cause = 'is missing; this mode sends activation and reset links by mail';
  return [
    sendsMail &&
      smtp.host === undefined &&
      problemAt(
        'smtp.host',
        cause,
        'Set it to the host of an SMTP server; for local work a mail catcher on localhost will do.',
      ),
    sendsMail &&
      smtp.fromAddress === undefined &&
      problemAt('smtp.fromAddress', cause, 'Set it to the address mails come from, e.g. no-reply@example.com.'),
  ];
}
