// Nothing here is needed to read a page: it makes charts answer to touch, tables sort, and a stale page say so.
"use strict";
(() => {
  const script = document.currentScript;

  // Opened from a disk there is no server to find a folder's index.html.
  if (location.protocol === "file:")
    for (const a of document.querySelectorAll("a[href]"))
      if (a.protocol === "file:") a.href = a.getAttribute("href").replace(/\/(?=#|$)/, "/index.html");

  // A feed whose next count is overdue says so, even if the job that builds these pages is dead.
  for (const status of document.querySelectorAll("[data-due]")) {
    const late = Math.floor((Date.now() - Date.parse(status.dataset.due)) / 864e5);
    const passed = status.dataset.patience.split(" ").filter((days) => late > Number(days)).length;
    if (!passed) continue;
    const word = status.querySelector(".word");
    const state = Math.max(passed, ["followed", "late", "stale", "retired"].indexOf(word.textContent));
    status.classList.add("stale");
    // Only the job can tell whether upstream was asked; without its word a source is stale, not retired.
    word.textContent = `${state === 1 ? "late" : word.textContent === "retired" ? "retired" : "stale"}: ${late} days overdue`;
  }

  // Tables sort by a press on a column's head.
  const key = (cell) => {
    const own = cell.dataset.sort ?? cell.querySelector("data")?.value;
    return own === undefined ? cell.textContent.trim() : Number(own);
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
          const [x, y] = [key(a.cells[column]), key(b.cells[column])];
          return (x > y ? 1 : x < y ? -1 : 0) * (down ? -1 : 1);
        });
        table.tBodies[0].append(...rows, ...rest);
      };
    });
  }

  // Charts: the figure beside each drawing, by Plotly, once it is nearly in sight.
  const figures = [...document.querySelectorAll("figure.chart > script[type='application/json']")];
  if (!figures.length || !("IntersectionObserver" in window)) return;
  let loading;
  const plotly = () =>
    (loading ??= new Promise((resolve, reject) => {
      const tag = document.createElement("script");
      tag.src = script.dataset.plotly;
      tag.onload = () => resolve(window.Plotly);
      tag.onerror = reject;
      document.head.append(tag);
    }));

  const resolve = (value, styles) => {
    if (typeof value === "string") return value.replace(/^var\((--[a-z]+)\)$/, (_, name) => styles.getPropertyValue(name).trim());
    if (Array.isArray(value)) return value.map((item) => resolve(item, styles));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolve(item, styles)]));
    return value;
  };

  const fine = matchMedia("(pointer: fine)").matches;
  const draw = async (source) => {
    const frame = source.parentElement.querySelector(".draw");
    const styles = getComputedStyle(document.documentElement);
    const figure = resolve(JSON.parse(source.textContent), styles);
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: styles.getPropertyValue("--ink").trim() };
    Object.assign(figure.layout, {
      font,
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      hoverlabel: { bgcolor: styles.getPropertyValue("--paper").trim(), bordercolor: styles.getPropertyValue("--edge").trim(), font, align: "left" },
    });
    if (fine && figure.layout.xaxis.type === "date") {
      // With a mouse a stretch of time can be drawn out, and a double click brings all back.
      figure.layout.dragmode = "zoom";
      Object.assign(figure.layout.xaxis, { fixedrange: false, tickmode: "auto", nticks: 8, tickformat: "%-d %b" });
    }
    try {
      const Plotly = await plotly();
      let live = frame.querySelector(".live");
      if (!live) {
        live = document.createElement("div");
        live.className = "live";
        live.setAttribute("aria-hidden", "true");
        frame.append(live);
      }
      await Plotly.react(live, figure.data, figure.layout, { displayModeBar: false, responsive: true, locale: "en" });
      // The drawing stays for screen readers; only its paint goes.
      frame.querySelector(".plot").style.opacity = "0";
    } catch (error) {
      console.warn("The drawing stays as it is:", error);
    }
  };

  const drawn = new Set();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries)
        if (entry.isIntersecting) {
          const source = entry.target.querySelector("script");
          watch.unobserve(entry.target);
          drawn.add(source);
          draw(source);
        }
    },
    { rootMargin: "300px" },
  );
  figures.forEach((source) => watch.observe(source.parentElement));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(draw));
  const bare = () => document.querySelectorAll(".draw").forEach((frame) => {
    const live = frame.querySelector(".live");
    if (live) { live.remove(); frame.querySelector(".plot").style.opacity = ""; }
  });
  addEventListener("beforeprint", bare);
  addEventListener("afterprint", () => drawn.forEach(draw));
})();
