import { session } from './api.js';

/** What the page is made of: finding and building elements, the status line, and what a form tells. */

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Builds an element. Children are nodes or text, never markup, so no answer of the API can inject any. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Shows the session as it is now; called every second as well, for the time that is left. */
export function showStatus() {
  const left = Math.max(0, Math.ceil((session.expiresAt - Date.now()) / 1000));
  $('#signed').textContent = session.open ? 'Signed in' : 'Signed out';
  $('#signed').dataset.on = String(session.open);
  $('#account').textContent = session.account ?? 'None';
  $('#state').textContent = session.state;
  $('#lifetime').textContent = !session.open ? 'None' : lifetime(left);
  for (const button of $$('[data-needs="session"]')) button.setAttribute('aria-disabled', String(!session.open));
}

function lifetime(left) {
  if (!session.expiresAt) return 'In a cookie';
  return left ? `${left} s left` : 'Expired: press Refresh';
}

const badge = el('span', { class: 'badge' }, 'next');

/** Moves the “next” badge to the call a newcomer should make now. */
export function suggest(call) {
  const trigger = call && $(`[data-call="${call}"]`);
  if (trigger) $('.title', trigger.closest('details') ?? trigger).append(badge);
  else badge.remove();
}

/** The fields of a form; optional ones only where they are filled in. */
export function fieldsOf(form) {
  const optional = new Set($$('[name]:not([required])', form).map(({ name }) => name));
  return Object.fromEntries([...new FormData(form)].filter(([name, value]) => value || !optional.has(name)));
}

/** Says how a call went, beside the button that made it. */
export function tell(outcome, tone, message) {
  outcome.dataset.tone = tone;
  outcome.replaceChildren(...[message].flat());
}

export function clearProblems(form, outcome) {
  // Emptied first, so that a screen reader announces the same outcome again.
  outcome.replaceChildren();
  if (!form) return;
  for (const problem of $$('.problem', form)) problem.remove();
  for (const input of $$('[name]', form)) {
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
  }
}

/** Puts what the API says about a field below that field. */
export function showProblems(form, problems) {
  const shown = problems.flatMap(({ field, messages }) => {
    const input = form.elements.namedItem(field);
    if (!input) return [];
    const id = `${input.id}-problem`;
    input.after(el('p', { class: 'problem', id }, messages.join(' ')));
    input.setAttribute('aria-invalid', 'true');
    input.setAttribute('aria-describedby', id);
    return [input];
  });
  shown[0]?.focus();
}
