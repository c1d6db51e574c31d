// Keeps what runs on a page up to date, until it has ended.
//
// [data-live=ADDRESS] is filled from there while it contains [data-running]; the text of its
// [data-state] is told to screen readers in [data-said] when it changes. When it has ended,
// [data-settled] comes anew. [data-live-part] is taken from the page's own address, more often
// while it has [data-running] itself, and says its [data-ended].
(() => {
  "use strict";
  const PAUSE = 2000;
  const IDLE = 15000;
  const say = (text) => {
    const said = document.querySelector("[data-said]");
    if (said && text && said.textContent !== text) said.textContent = text;
  };
  const page = async () => {
    const answer = await fetch(window.location.href, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };
  const replace = (old, from) => {
    const fresh = from.getElementById(old.id);
    if (!fresh || fresh.innerHTML === old.innerHTML) return;
    old.replaceWith(document.adoptNode(fresh));
  };

  async function fragment(box, tags) {
    const headers = tags.has(box) ? { "If-None-Match": tags.get(box) } : {};
    const answer = await fetch(box.dataset.live, { headers, cache: "no-store", redirect: "error" });
    if (answer.status === 304) return true;
    if (!answer.ok) throw new Error(answer.status);
    tags.set(box, answer.headers.get("ETag"));
    const focused = box.contains(document.activeElement);
    if (!focused) box.innerHTML = await answer.text();
    say(box.querySelector("[data-state]")?.dataset.state);
    if (focused || box.querySelector("[data-running]")) return true;
    const fresh = await page();
    document.querySelectorAll("[data-settled]").forEach((old) => replace(old, fresh));
    return false;
  }

  async function part(box) {
    const old = document.getElementById(box.id);
    const fresh = await page();
    const running = fresh.getElementById(box.id)?.hasAttribute("data-running");
    replace(old, fresh);
    if (!running && old.hasAttribute("data-running")) say(old.dataset.ended);
    return running;
  }

  function watch(box, look, idle) {
    const again = async () => {
      const began = performance.now();
      let running = !idle;
      try {
        if (!document.hidden) running = await look(box);
      } catch {
        // The server is away for a moment, or it is over: asked again in a while.
        await new Promise((done) => setTimeout(done, 5 * PAUSE));
      }
      // A page that is slow to make is made rarely.
      const pause = Math.max(PAUSE, 10 * (performance.now() - began));
      if (running || idle) setTimeout(again, running ? pause : Math.max(pause, idle));
    };
    setTimeout(again, PAUSE);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const tags = new Map();
    document.querySelectorAll("[data-live]").forEach((box) => {
      if (box.querySelector("[data-running]")) watch(box, (each) => fragment(each, tags));
    });
    document.querySelectorAll("[data-live-part]").forEach((box) => watch(box, part, IDLE));
  });
})();
