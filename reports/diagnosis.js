"use strict";
// Filters and keys only: without this script every finding stands on the page, and nothing else is missing.
(() => {
  const cards = [...document.querySelectorAll("[data-verdict]")];
  const bar = document.getElementById("filters");
  const search = document.getElementById("search");
  const selects = [...bar.querySelectorAll("select")];
  const count = document.getElementById("count");
  const shown = () => cards.filter((card) => !card.hidden);

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const card of cards) {
      const text = card.textContent.toLowerCase();
      card.hidden = !(
        selects.every((each) => !each.value || card.dataset[each.name] === each.value) &&
        words.every((word) => text.includes(word))
      );
    }
    count.textContent = shown().length + " of " + cards.length + " detectors";
  };

  const move = (step) => {
    const visible = shown();
    const at = visible.indexOf(document.activeElement.closest("[data-verdict]"));
    const next = visible[at < 0 ? (step > 0 ? 0 : visible.length - 1) : at + step];
    if (next) {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    }
  };

  bar.hidden = false;
  search.addEventListener("input", apply);
  selects.forEach((each) => each.addEventListener("change", apply));
  bar.addEventListener("reset", () => setTimeout(apply));
  bar.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    const typing = at.matches("input, select, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && at === search) {
      search.value = "";
      apply();
      search.blur();
    } else if (typing) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    } else if (event.key === "Enter" && at.matches("[data-verdict]")) {
      const details = at.querySelector("details");
      if (details) details.open = !details.open;
    }
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  apply();
})();
