import { $, $$, el } from './page.js';

/** What the page shows of the account that is signed in: its profile, its devices, its data. */

const profile = () => $('form[data-call="editProfile"]');

/** Fills the profile form with what the API answered. */
export function showProfile(account) {
  for (const field of $$('[name]', profile())) {
    field.value = account[field.name] ?? '';
    // What was there before tells which fields were edited.
    field.dataset.before = field.value;
  }
}

/** The fields of the profile form that were edited; null for one that was emptied. */
export function editedFields() {
  const edited = $$('[name]', profile()).filter(({ value, dataset }) => value !== (dataset.before ?? ''));
  return Object.fromEntries(edited.map(({ name, value }) => [name, value || null]));
}

/** Lists the devices the account is signed in on, each with a button that ends its session. */
export function showDevices(sessions) {
  $('#devices').replaceChildren(...sessions.map(device));
}

function device({ id, last_used_at: lastUsed, ip, user_agent: agent, current }) {
  const title = current ? 'This device' : 'Another device';
  const used = new Date(lastUsed).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
  const text = `last used ${used}, from ${ip ?? 'an unknown address'}, ${agent ?? 'unknown program'}`;
  const label = {
    type: 'button',
    class: 'quiet',
    'data-call': 'endSession',
    'data-id': id,
    'aria-label': `End: ${title}`,
  };
  return el(
    'li',
    { 'data-current': String(current) },
    el('div', {}, el('strong', {}, title), el('p', { class: 'hint' }, text)),
    el('button', label, 'End'),
  );
}

/** A link that saves what was exported; the file is made in the page and goes nowhere else. */
export function exportLink(account) {
  const file = new Blob([JSON.stringify(account, null, 2)], { type: 'application/json' });
  return el('a', { href: URL.createObjectURL(file), download: 'account.json' }, 'Save account.json');
}

/** Nothing of an account stays in the page when its session is over. */
export function forgetAccount() {
  showProfile({});
  showDevices([]);
}
