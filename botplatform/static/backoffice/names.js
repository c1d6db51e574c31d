/* Names, for those who hear a page, of what select2 makes out of a list. */
"use strict";

function nameSelect2(container) {
  const select = container.previousElementSibling;
  const label = select?.labels?.[0]?.innerText || select?.closest("[data-label]")?.dataset.label;
  const name = (label || select?.dataset.placeholder || select?.name || "").trim();
  const parts = container.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox], input");
  for (const part of parts) {
    part.setAttribute("aria-label", name);
    part.removeAttribute("aria-labelledby");
  }
}

new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (node.classList?.contains("select2-container")) {
        nameSelect2(node);
      }
    }
  }
}).observe(document, { childList: true, subtree: true });
