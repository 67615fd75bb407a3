// Nothing here is needed to read a page: it makes a stale page say so, tables sort, and a page on a disk find the others.
"use strict";
(() => {
  const since = (day) => Math.floor((Date.now() - Date.parse(day)) / 864e5);

  // What is overdue by the reader's own clock says so, even if the job that builds these pages is dead: on top, and beside
  // each feed. Both are filled as they are parsed, before they are painted, so that nothing moves.
  const told = new Set();
  const once = (selector, inner, act) => {
    for (const line of document.querySelectorAll(selector)) {
      const words = line.querySelector(inner);
      if (!words || told.has(line)) continue;
      told.add(line);
      act(line, words);
    }
  };
  const tell = () => {
    once("#overdue > [data-expected]", ".days", (line, words) => {
      const days = since(line.dataset.expected);
      if (days <= Number(line.dataset.patience)) return;
      words.textContent = `${days} day${days === 1 ? "" : "s"} overdue`;
      line.hidden = line.parentElement.hidden = false;
    });
    once("[data-due]", ".word", (status, word) => {
      const late = since(status.dataset.due);
      const passed = status.dataset.patience.split(" ").filter((days) => late > Number(days)).length;
      if (!passed) return;
      const state = Math.max(passed, ["followed", "late", "stale", "retired"].indexOf(word.textContent));
      status.classList.add("stale");
      // Only the job can tell whether upstream was asked; without its word a source is stale, not retired.
      word.textContent = `${state === 1 ? "late" : word.textContent === "retired" ? "retired" : "stale"}: ${late} days overdue`;
    });
  };
  const watch = new MutationObserver(tell);
  watch.observe(document.documentElement, { childList: true, subtree: true });

  const ready = () => {
    watch.disconnect();
    tell();

    // Opened from a disk there is no server to find a folder's index.html.
    if (location.protocol === "file:")
      for (const a of document.querySelectorAll("a[href]"))
        if (a.protocol === "file:") a.href = a.getAttribute("href").replace(/\/(?=#|$)/, "/index.html");

    // Tables sort by a press on a column's head.
    const key = (cell, counted) => {
      const text = cell.textContent.trim();
      if (cell.dataset.sort !== undefined) return Number(cell.dataset.sort);
      if (!counted) return text;
      // As written: "7 893", "8.8 % too low", "exactly right", or a dash, which comes before every number.
      const found = /-?\d[\d.]*/.exec(text.replace("\u2212", "-").replace(/\s/g, ""));
      return found ? Number(found[0]) * (text.endsWith("low") ? -1 : 1) : text === "\u2013" ? -Infinity : 0;
    };
    for (const table of document.querySelectorAll("table.sortable")) {
      const heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        head.append(button);
        button.onclick = () => {
          const down = head.getAttribute("aria-sort") !== "descending";
          heads.forEach((other) => other.removeAttribute("aria-sort"));
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          const rows = [...table.tBodies[0].rows].filter((row) => row.cells.length === heads.length);
          const rest = [...table.tBodies[0].rows].filter((row) => row.cells.length !== heads.length);
          rows.sort((a, b) => {
            const [x, y] = [a, b].map((row) => key(row.cells[column], head.classList.contains("n")));
            return (x > y ? 1 : x < y ? -1 : 0) * (down ? -1 : 1);
          });
          table.tBodies[0].append(...rows, ...rest);
        };
      });
    }
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", ready);
  else ready();
})();
