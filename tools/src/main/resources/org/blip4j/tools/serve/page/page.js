// What all parts of the page use.

export const $ = (id) => document.getElementById(id);

const begun = new Map();

/** Says what is wrong, or with an empty text that nothing is. */
export function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

/** Begins a work and drops the one of that name begun before; the signal says if it is dropped. */
export function begin(name) {
  begun.get(name)?.abort();
  begun.set(name, new AbortController());
  return begun.get(name).signal;
}
