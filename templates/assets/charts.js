// Nothing here is needed to read a page: it makes charts answer to touch.
"use strict";
(() => {
  const script = document.currentScript;

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
