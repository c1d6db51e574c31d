// Loads older and newer messages in place; the same links work without it as pages.
(() => {
  const scroll = document.getElementById("transcript");
  const status = document.querySelector(".bo-status");
  if (!scroll) return;

  const moreLink = (rel) => scroll.querySelector(`a[rel="${rel}"][data-part]`);

  async function load(link) {
    if (link.dataset.busy) return;
    link.dataset.busy = "yes";
    link.setAttribute("aria-busy", "true");
    status.textContent = "";
    try {
      const address = new URL(link.href);
      address.searchParams.set("part", "1");
      const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(answer.statusText);
      insert(link, new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      status.textContent = status.dataset.failed;
      delete link.dataset.busy;
      link.removeAttribute("aria-busy");
    }
  }

  function insert(link, part) {
    const rel = link.rel;
    const lines = scroll.querySelector(".bo-lines");
    const added = [...part.querySelectorAll(".bo-lines > li")];
    const next = part.querySelector(`a[rel="${rel}"][data-part]`);
    const more = link.closest(".bo-more");
    const focused = document.activeElement === link;
    const height = scroll.scrollHeight;
    const top = scroll.scrollTop;
    if (rel === "prev") {
      const days = added.filter((line) => line.matches(".bo-day"));
      const joint = lines.querySelector(".bo-day");
      if (joint && days.length && joint.dataset.day === days[days.length - 1].dataset.day) joint.remove();
      lines.prepend(...added);
    } else {
      const days = lines.querySelectorAll(".bo-day");
      const last = days[days.length - 1];
      if (last && added[0] && added[0].dataset.day === last.dataset.day) added.shift();
      lines.append(...added);
    }
    if (next) more.replaceWith(next.closest(".bo-more"));
    else more.remove();
    // What was in view stays where it was.
    if (rel === "prev") scroll.scrollTop = top + scroll.scrollHeight - height;
    if (focused) (moreLink(rel) || scroll).focus({ preventScroll: true });
    watch();
  }

  const seen = new IntersectionObserver(
    (entries) => entries.forEach((entry) => entry.isIntersecting && load(entry.target)),
    { root: scroll, rootMargin: "400px 0px" },
  );

  function watch() {
    seen.disconnect();
    ["prev", "next"].map(moreLink).forEach((link) => link && seen.observe(link));
  }

  // Other hits are listed beside the message that is shown now.
  function stay(position) {
    const link = document.querySelector(".bo-hits .bo-more a");
    if (!link) return;
    const address = new URL(link.href);
    address.searchParams.set("around", position);
    address.hash = `m${position}`;
    link.href = address;
  }

  function show() {
    const position = /^#m([1-9][0-9]*)$/.exec(location.hash);
    scroll.querySelectorAll(".bo-shown").forEach((other) => other.classList.remove("bo-shown"));
    if (!position) return false;
    const line = document.getElementById(`m${position[1]}`);
    if (line) {
      line.classList.add("bo-shown");
      scroll.scrollTop = line.offsetTop - (scroll.clientHeight - line.offsetHeight) / 2;
      line.focus({ preventScroll: true });
      stay(position[1]);
      return true;
    }
    const address = new URL(location.href);
    if (address.searchParams.get("around") === position[1]) return false;
    ["before", "after"].forEach((name) => address.searchParams.delete(name));
    address.searchParams.set("around", position[1]);
    location.replace(address);
    return true;
  }

  scroll.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-part]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    load(link);
  });
  document.addEventListener("click", (event) => {
    // A hit whose line is there already needs no other page.
    const link = event.target.closest(".bo-hits li a[href*='#m']");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    if (!document.getElementById(link.hash.slice(1))) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    show();
  });
  addEventListener("hashchange", show);
  addEventListener("popstate", show);

  function settle() {
    if (!show() && scroll.dataset.at === "end") scroll.scrollTop = scroll.scrollHeight;
  }

  settle();
  // Letters of another font take another room.
  document.fonts.ready.then(() => {
    settle();
    watch();
  });
})();
