// Select2 leaves its box without a name: it gets the one of its field's label.
"use strict";
django.jQuery(() => {
  for (const label of document.querySelectorAll(".bo-field label")) {
    const field = label.parentElement;
    for (const box of field.querySelectorAll("[role=combobox], [role=textbox]")) {
      box.setAttribute("aria-label", label.textContent);
    }
  }
});
