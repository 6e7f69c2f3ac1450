"use strict";
// What the other scripts share: finding elements, and data from the page or from its folder.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);
const waiting = new Map();
// files in the assets folder call this: a page opened from a file may run scripts but not fetch
window.codecmarkAsset = (id, text) => waiting.get(id)?.(text);
function asset(id) {
  const inPage = document.getElementById(id);
  if (inPage) return Promise.resolve(inPage.textContent);
  return new Promise((resolve, reject) => {
    waiting.set(id, resolve);
    const script = document.createElement("script");
    script.src = `assets/${id}.js`;
    script.onerror = () => reject(new Error(`assets/${id}.js is missing beside this page`));
    document.head.append(script);
  });
}
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
const themeListeners = [];
{
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem("codecmark-theme"); } catch { return null; } };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    root.dataset.theme = stored() || (dark.matches ? "dark" : "light");
    root.style.colorScheme = root.dataset.theme;
    themeListeners.forEach((listener) => listener());
  };
  apply();
  dark.addEventListener("change", apply);
  one("#theme").addEventListener("click", () => {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("codecmark-theme", next); } catch { /* private mode */ }
    root.dataset.theme = next;
    root.style.colorScheme = next;
    themeListeners.forEach((listener) => listener());
  });
}
{
  const menu = one("#condition");
  const show = () => all("[data-condition]").forEach((part) => { part.hidden = menu !== null && part.dataset.condition !== menu.value; });
  menu?.addEventListener("change", show);
  show();
}
{
  const dialog = one("#keys");
  all("button.keys").forEach((button) => button.addEventListener("click", () => dialog.showModal()));
  one(".close", dialog).addEventListener("click", () => dialog.close());
  addEventListener("keydown", (event) => {
    if (event.key === "?" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) dialog.open ? dialog.close() : dialog.showModal();
  });
}
{
  // the contents show where the reader is
  const links = new Map(all("nav a").map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const link = links.get(target.id);
      if (isIntersecting) link?.setAttribute("aria-current", "true"); else link?.removeAttribute("aria-current");
    }
  }, { rootMargin: "-30% 0px -60% 0px" });
  all("main > section").forEach((section) => watcher.observe(section));
}
