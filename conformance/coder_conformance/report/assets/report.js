"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  // What only works with this script is hidden until it runs.
  for (const element of all("[data-script], [data-copy]")) element.hidden = false;

  /* Copy buttons */

  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // Refused, perhaps because the page is in a frame; the old way may still work.
      }
    }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  for (const button of all("[data-copy]")) {
    button.addEventListener("click", async () => {
      const done = await copy(one("pre", button.parentElement).textContent);
      button.textContent = done ? "Copied" : "Select it";
      button.focus();
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
  }

  /* Filters */

  const items = all("[data-item]").map((element) => ({
    element,
    cell: element.tagName === "TD",
    key: element.dataset.key,
  }));
  // The search looks at everything that the page says of a judgement, wherever it says it.
  const texts = new Map();
  for (const element of all("[data-key]")) {
    const key = element.dataset.key;
    const title = one("[title]", element)?.title ?? "";
    texts.set(key, `${texts.get(key) ?? key}\n${element.textContent}\n${title}`);
  }
  for (const [key, text] of texts) texts.set(key, text.toLowerCase());

  const form = one(".filters");
  const selects = all("[data-filter]");
  const outcomes = all("[data-filter-outcome]");
  const search = one("[data-search]");
  const differing = one("[data-differing]");
  const toggles = differing === null ? outcomes : [...outcomes, differing];
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";

  function apply() {
    const chosen = outcomes.filter(pressed).map((button) => button.dataset.filterOutcome);
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ element, key }) =>
      (!chosen.length || chosen.includes(element.dataset.outcome)) &&
      selects.every((s) => !s.value || element.dataset[s.dataset.filter] === s.value) &&
      words.every((word) => texts.get(key).includes(word));
    const only = differing !== null && pressed(differing);
    const filtered = chosen.length > 0 || words.length > 0 || only || selects.some((s) => s.value);
    for (const item of items) {
      const fit = fits(item);
      if (item.cell) item.element.classList.toggle("faded", !fit);
      else item.element.hidden = !fit;
    }
    for (const group of all("[data-group]")) {
      group.hidden = !all("[data-item]", group).some((element) => !element.hidden);
      if (filtered && !group.hidden) group.open = true;
    }
    for (const empty of all("[data-empty]")) {
      const inside = all("[data-item]", empty.parentElement);
      empty.hidden = !inside.length || inside.some((element) => !element.hidden);
    }
    matrix(filtered, only);
    const operation = selects.find((s) => s.dataset.filter === "operation").value;
    for (const row of all("[data-operation-row]")) {
      row.hidden = operation !== "" && row.dataset.operationRow !== operation;
    }
    const rows = all("[data-counted]");
    const shown = rows.filter((row) => !row.hidden).length;
    one("[data-nothing]").hidden = shown > 0;
    one("[data-reset]").disabled = !filtered;
    one("[data-count]").textContent = `${shown} of ${rows.length} judgements`;
  }

  // Rows and columns of the matrix without any cell that fits are of no use.
  function matrix(filtered, only) {
    const columns = new Set();
    for (const row of all(".matrix [data-row]")) {
      const fitting = all("[data-item]:not(.faded)", row);
      row.hidden = !fitting.length || (only && "same" in row.dataset);
      for (const cell of fitting) columns.add(cell.dataset.column);
    }
    for (const cell of all(".matrix [data-column]")) {
      cell.hidden = filtered && !columns.has(cell.dataset.column);
    }
    for (const subject of all(".matrix [data-subject]")) {
      let next = subject.nextElementSibling;
      while (next && next.hidden && next.matches("[data-row]")) next = next.nextElementSibling;
      subject.hidden = !next || next.matches("[data-subject]");
    }
  }

  if (form) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => {
      for (const button of toggles) button.setAttribute("aria-pressed", "false");
      setTimeout(apply);
    });
    for (const button of toggles) {
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(!pressed(button)));
        apply();
      });
    }
    // Browsers keep what was typed when a page is loaded again.
    apply();
  }

  /* Sorting */

  const collator = new Intl.Collator("en");

  function sort(table, column, direction) {
    const value = (row) => {
      const cell = row.cells[column];
      return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
    };
    const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
    const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
    rows.sort(([a], [b]) => direction * compare(a, b));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }

  for (const table of all("[data-sortable]")) {
    const heads = all("th[data-sort]", table);
    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        // Of numbers the greatest ones are what one looks for.
        const first = head.dataset.sort === "number" ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const next = now === first ? other : first;
        for (const each of heads) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", next);
        sort(table, head.cellIndex, next === "ascending" ? 1 : -1);
      });
    }
  }

  /* Folding */

  for (const button of all("[data-unfold]")) {
    button.addEventListener("click", () => {
      const open = button.dataset.unfold === "true";
      for (const finding of all("#failures .finding")) finding.open = open;
    });
  }

  // A link to a finding unfolds it, and shows it even if a filter hides it.
  function follow() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    target.hidden = false;
    if (target.tagName === "DETAILS") target.open = true;
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", follow);
  follow();

  // What is folded would not be printed.
  window.addEventListener("beforeprint", () => {
    for (const folded of all("details:not([open])")) {
      folded.open = true;
      folded.dataset.unfolded = "";
    }
  });
  window.addEventListener("afterprint", () => {
    for (const unfolded of all("details[data-unfolded]")) {
      unfolded.open = false;
      delete unfolded.dataset.unfolded;
    }
  });
})();
