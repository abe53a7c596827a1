import { $, clearProblems, el, suggest, tell } from './page.js';

/** Links with a token: showing one without the token, and taking the token out of the one that was opened. */

/** A link to a web address, and plain text for anything else: a `javascript:` address must not become clickable. */
export function link(address) {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return el('span', {}, shorten(address));
  const here = url.origin === location.origin && url.pathname === location.pathname;
  return el('a', { href: url.href, ...(!here && { target: '_blank', rel: 'noopener noreferrer' }) }, shorten(address));
}

/** Shortens every token in a text to its first and last characters. */
export function shorten(text) {
  return text.replace(/[\w.-]{33,}/g, (token) => `${token.slice(0, 8)}…${token.slice(-6)}`);
}

/** What the fragment of a link may hold: the form it fills in, what to press or type next, and how that is said. */
const STEPS = {
  activate: { call: 'activate', focus: 'button', next: 'Press Activate.' },
  reset: { call: 'confirmPasswordReset', focus: '#reset-password', next: 'Choose a new password.' },
  'email-change': { call: 'confirmEmailChange', focus: 'button', next: 'Press Confirm.' },
  'undo-email-change': { call: 'undoEmailChange', focus: 'button', next: 'Press Take it back.' },
};

/**
 * Takes a token from `/#activate=TOKEN` and its like, and the fragment out of the address bar and the history.
 * It only fills the form in: a mail scanner that opens the link, even with scripts on, must not use it up.
 */
export function takeLinkToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  for (const [name, { call, focus, next }] of Object.entries(STEPS)) {
    const token = fragment.get(name);
    if (!token) continue;
    history.replaceState(null, '', location.pathname + location.search);
    const form = $(`form[data-call="${call}"]`);
    form.closest('details').open = true;
    const outcome = $('.outcome', form);
    clearProblems(form, outcome);
    form.elements.namedItem('token').value = token;
    suggest(call);
    tell(outcome, 'info', `The token came with your link; nothing was sent yet. ${next}`);
    $(focus, form).focus();
  }
}
