import { link, shorten } from './links.js';
import { $, el } from './page.js';

/** The panel that shows every request and its answer, newest first. */

const KEPT_EXCHANGES = 50;

export function showExchange({ method, path }, sent, { request, ok, status, body, notes, milliseconds }) {
  const tone = ok ? 'good' : 'bad';
  const head = [
    el('code', {}, `${method} ${path}`),
    el('span', { class: 'code', 'data-tone': tone }, status ? String(status) : 'no answer'),
    el('time', {}, `${Math.round(milliseconds)} ms at ${new Date().toLocaleTimeString()}`),
  ];
  const noted = Object.fromEntries(notes.filter(([, value]) => value));
  const entry = el('details', { class: 'exchange', open: '' }, el('summary', {}, ...head));
  if (request.authorization) entry.append(...part('Sent with header', request));
  if (sent) entry.append(...part('Sent', sent));
  if (Object.keys(noted).length) entry.append(...part('Answered with header', noted));
  entry.append(...part('Answered', body));

  const entries = $('#entries');
  for (const older of entries.children) older.open = false;
  entries.prepend(entry);
  while (entries.children.length > KEPT_EXCHANGES) entries.lastChild.remove();
  showWhetherEmpty();
}

export function clearConversation() {
  $('#entries').replaceChildren();
  showWhetherEmpty();
  $('#conversation').focus();
}

/** The way to the conversation on small screens, where it is far below. */
export function seeAnswer() {
  return el('a', { class: 'jump', href: '#conversation' }, 'See the answer');
}

function showWhetherEmpty() {
  const empty = $('#entries').children.length === 0;
  $('#empty').hidden = !empty;
  $('#clear').hidden = empty;
}

function part(title, value) {
  const content = value === null ? [el('span', { class: 'faint' }, 'no body')] : pretty(value);
  return [el('p', { class: 'side' }, title), el('pre', {}, ...content)];
}

/** JSON as nodes: passwords masked, tokens shortened with a copy button, links clickable. */
function pretty(value, key = '', indent = '') {
  if (value !== null && typeof value === 'object') {
    const list = Array.isArray(value);
    const [open, close] = list ? '[]' : '{}';
    const members = Object.entries(value);
    const inner = `${indent}  `;
    const lines = members.flatMap(([name, member], index) => [
      inner,
      ...(list ? [] : [el('span', { class: 'key' }, JSON.stringify(name)), ': ']),
      ...pretty(member, name, inner),
      index < members.length - 1 ? ',\n' : '\n',
    ]);
    return members.length ? [`${open}\n`, ...lines, indent + close] : [open + close];
  }
  if (typeof value !== 'string') return [el('span', { class: 'faint' }, String(value))];
  if (key.endsWith('password')) return [el('span', { class: 'faint' }, '"••••••••"')];
  if (key.endsWith('_url')) return ['"', link(value), '"', copyButton(key, value)];
  if (key === 'authorization')
    return [`"${shorten(value)}"`, copyButton('access token', value.slice('Bearer '.length))];
  if (key.endsWith('token')) return [`"${shorten(value)}"`, copyButton(key, value)];
  return [JSON.stringify(value)];
}

function copyButton(name, text) {
  const button = el('button', { class: 'copy', type: 'button', 'aria-label': `Copy ${name}` }, 'copy');
  button.addEventListener('click', async () => {
    const copied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    button.textContent = copied ? 'copied' : 'not allowed';
    setTimeout(() => (button.textContent = 'copy'), 1500);
  });
  return button;
}
