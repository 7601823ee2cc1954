/* What the console does by itself in a browser. Every page works without it.

   - Every 10 s the part of the page that is marked "live" is fetched anew and morphed into what
     stands there. Not while the tab is hidden, a dialog or a detail is open, a box is ticked, a form
     is touched, or text is selected: nothing moves under anybody's hands. "Live" on top switches it.
   - The line that screen readers follow says how many lines changed, and says nothing otherwise.
   - Keys: / to the search, r live on or off, ? this help. "Settings" switches them off.

   The timer is ours because a filter in htmx's own trigger needs eval, which the policy forbids. */
"use strict";

const EVERY_MS = 10_000;
const KEPT = "mrx-live";
const said = document.getElementById("said");
const button = document.getElementById("live-switch");
const help = document.getElementById("keys");
const live = () => document.getElementById("live");
let touched = false;

const on = () => localStorage.getItem(KEPT) !== "off";

function still() {
  const ticked = [...document.querySelectorAll("main input")].some((box) => box.checked !== box.defaultChecked);
  const open = document.querySelector("dialog[open], #live details[open]:not([data-open])");
  return !document.hidden && !touched && !ticked && !open && getSelection().type !== "Range";
}

function refresh() {
  if (live() && on() && still()) document.body.dispatchEvent(new CustomEvent("mrx:refresh"));
}

function show() {
  button.textContent = on() ? "Live: on" : "Live: off";
  button.setAttribute("aria-pressed", String(on()));
}

function toggle() {
  if (!live()) return;
  localStorage.setItem(KEPT, on() ? "off" : "on");
  show();
  refresh();
}

/* The lines of the live part; a length of time that merely grew is no news. */
function lines() {
  const all = [...live().querySelectorAll("tr, li")].map((line) =>
    line.textContent.replace(/\d+ (d|h|min|s)\b/g, "").replace(/\s+/g, " "));
  return new Set(all);
}

let before = new Set();
document.addEventListener("htmx:before:request", () => live()?.setAttribute("aria-busy", "true"));
document.addEventListener("htmx:finally:request", () => live()?.removeAttribute("aria-busy"));
document.addEventListener("htmx:before:swap", (event) => {
  const { response, text } = event.detail.ctx;
  // Signed out, or failing: what is shown stays, and says that it is old.
  if (response.status !== 200 || !text.includes('id="live"')) {
    event.preventDefault();
    said.textContent = "This page is no longer live: load it again.";
  } else if (!still()) {
    event.preventDefault(); // somebody began while the answer was on its way
  } else {
    before = lines();
  }
});
document.addEventListener("htmx:after:swap", () => {
  const changed = [...lines()].filter((line) => !before.has(line)).length;
  if (changed) said.textContent = changed === 1 ? "1 line changed" : `${changed} lines changed`;
});
document.addEventListener("htmx:error", () => {
  said.textContent = "The gateway does not answer: what is shown is old.";
});

document.addEventListener("input", (event) => { touched ||= event.target.closest("main form") !== null; });
document.addEventListener("reset", () => { touched = false; });

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (document.body.dataset.keys === "off" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "r") toggle();
  else if (event.key === "?" && help) help.open ? help.close() : help.showModal();
  else if (event.key === "/") {
    const search = document.querySelector("[data-search], main input[type=search], main form input:not([type=hidden]), main form select");
    if (!search) return;
    event.preventDefault();
    search.focus();
  }
});
help?.querySelector("button").addEventListener("click", () => help.close());

if (button && live() && globalThis.htmx) {
  button.hidden = false;
  button.addEventListener("click", toggle);
  show();
  setInterval(refresh, EVERY_MS);
}
