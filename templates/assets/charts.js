// Nothing here is needed to read a page: it makes charts answer to touch and keys.
"use strict";
(() => {
  const script = document.currentScript;

  // Charts: each drawing carries its numbers, and Plotly takes over in place once a reader has done something.
  const figures = [...document.querySelectorAll("figure.chart > script[type='application/json']")];

  const COLOURS = { i: "ink", f: "forecast", l: "likely", s: "sure", e: "edge", n: "faint", m: "muted", o: "outside", p: "paper" };
  const DASHES = ["solid", "2px,3px", "7px,4px"];
  const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const colour = (letter) => `var(--${COLOURS[letter]})`;

  const number = (value) => {
    const up = Math.round(value);
    const whole = up - value === 0.5 && up % 2 ? up - 1 : up; // halves to even, as in the page's tables
    const digits = String(Math.abs(whole)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
    return whole < 0 ? `\u2212${digits}` : digits;
  };

  // The figure that Plotly takes, from its short form (reporter/charts/packing.py says what the letters mean).
  const unpack = (short) => {
    const start = short.d ? Date.parse(`${short.d}T00:00:00Z`) : 0;
    const moment = (hours) => new Date(start + hours * 36e5).toISOString().slice(0, 16).replace("T", " ");
    const place = short.d ? (days) => (days === null ? null : moment(24 * days).slice(0, 10)) : (value) => value;
    const written = (iso) => {
      const day = new Date(`${iso}T00:00:00Z`);
      return `${DAYS[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
    };
    const font = (letter) => ({ color: colour(letter), size: 12 });
    const [height, t, b] = short.h;
    const [left, right, places, labels] = short.x;
    const [low, high, levels, names, bare, ink] = short.y;
    const shared = { tickmode: "array", zeroline: false, fixedrange: true };
    const layout = {
      height,
      margin: { l: 0, r: 0, t, b },
      xaxis: {
        type: short.d ? "date" : "linear",
        range: short.d ? [moment(left), moment(right)] : [left, right],
        tickvals: places.map(place),
        ticktext: labels,
        tickfont: font("m"),
        ...shared,
        showgrid: false,
        showline: true,
        linecolor: colour("m"),
        linewidth: 1.5,
      },
      yaxis: {
        range: [low, high],
        tickvals: levels,
        ticktext: names,
        tickfont: font(ink ?? "m"),
        showgrid: !bare,
        ...shared,
        ticklabelposition: "inside top",
        gridcolor: colour("n"),
      },
      shapes: (short.r ?? []).map(([upright, at, stroke, width, dash, below]) => ({
        type: "line",
        xref: upright ? "x" : "paper",
        yref: upright ? "paper" : "y",
        x0: upright ? place(at) : 0,
        x1: upright ? place(at) : 1,
        y0: upright ? 0 : at,
        y1: upright ? 1 : at,
        ...(below ? { layer: "between" } : {}),
        line: { color: colour(stroke), width, dash: DASHES[dash] },
      })),
      annotations: (short.a ?? []).map(([shareX, shareY, x, y, text, anchor, stroke]) => ({
        x: shareX ? x : place(x),
        y,
        xref: shareX ? "paper" : "x",
        yref: shareY ? "paper" : "y",
        text,
        showarrow: false,
        borderpad: 0,
        borderwidth: 0,
        xanchor: ["left", "center", "right"][anchor],
        yanchor: "bottom",
        font: font(stroke),
      })),
      showlegend: false,
      hovermode: short.j ? "x" : "closest",
      dragmode: false,
    };

    const points = short.t.map((one) => {
      const many = one.b ? one.y.length / 2 : one.u ? (2 * one.y.length) / 4 : one.y.length;
      let x = Array.isArray(one.x) ? one.x : Array.from({ length: many }, (_, n) => one.x + n * (one.s ?? 1));
      x = x.map(place);
      if (one.b) return { x: [...x, ...[...x].reverse()], y: one.y };
      if (!one.u) return { x, y: one.y };
      return { x: x.flatMap((each) => [each, each, null]), y: x.flatMap((_, n) => [one.y[2 * n], one.y[2 * n + 1], null]) };
    });
    const firsts = short.t.findIndex((one) => one.h === 2);
    const first = new Map(firsts < 0 ? [] : points[firsts].x.map((x, n) => [x, points[firsts].y[n]]));
    const [wide, likely] = points.filter((_, n) => short.t[n].f).map((band) => band.y);

    const texts = (one, { x, y }) => {
      if (one.t) {
        const [starts, ...rests] = Array.isArray(one.t[0]) ? one.t : [null, ...one.t];
        return rests.map((rest) => rest.split("\n").map((line, n) => (starts ? starts[n] : "") + line).join("<br>"));
      }
      if (one.h === 1)
        return x.map((day, n) => {
          if (y[n] === null) return "";
          const text = `${written(day)}<br>counted ${number(y[n])}`;
          return first.has(day) ? `${text}<br>at first ${number(first.get(day))}` : text;
        });
      return x.map((day, n) => {
        if (one.h === 4 && !n) return "";
        const range = (band) => `${number(band[band.length - 1 - n])}\u2013${number(band[n])}`;
        const said = `${written(day)}<br>about ${number(y[n])}<br>`;
        return said + (wide ? `likely ${range(likely)}<br>almost surely ${range(wide)}` : "one number, no range");
      });
    };
    const data = short.t.map((one, n) => {
      const trace = { type: "scatter", mode: ["lines", "markers", "lines+markers"][(one.m ?? 1) - 1], ...points[n] };
      if (one.f) Object.assign(trace, { fill: "toself", fillcolor: colour(one.f) });
      if (one.o !== undefined) trace.opacity = one.o;
      if (one.k) {
        const [fill, size, symbol, width] = one.k;
        trace.marker = { color: colour(fill), size };
        if (symbol) Object.assign(trace.marker, { symbol: ["", "circle-open", "square-open"][symbol], line: { color: colour(fill), width } });
      }
      if (one.c) trace.line = { color: colour(one.c), width: one.w, dash: DASHES[one.l ?? 0] };
      if (!one.t && (!one.h || one.h === 2)) return { ...trace, hoverinfo: "skip" };
      return { ...trace, text: texts(one, points[n]), hoverinfo: "text" };
    });
    return { data, layout };
  };
  script.unpack = unpack;

  let loading;
  const plotly = () =>
    (loading ??= new Promise((resolve, reject) => {
      // Plotly would write a style element, which the page's policy refuses: its rules are in the style sheet instead.
      const none = document.createElement("meta");
      none.id = "plotly.js-style-global";
      none.className = "no-inline-styles";
      const tag = document.createElement("script");
      tag.src = script.dataset.plotly;
      tag.onload = () => resolve(window.Plotly);
      tag.onerror = () => reject(new Error(`${tag.src} did not load`));
      document.head.append(none, tag);
    }));

  const paint = (value, styles) => {
    if (typeof value === "string") return value.replace(/^var\((--[a-z]+)\)$/, (_, name) => styles.getPropertyValue(name).trim());
    if (Array.isArray(value)) return value.map((item) => paint(item, styles));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, paint(item, styles)]));
    return value;
  };

  class Chart {
    constructor(source) {
      this.figure = source.parentElement;
      this.frame = this.figure.querySelector(".draw");
      this.short = JSON.parse(source.textContent);
      this.figure.tabIndex = 0;
      this.figure.setAttribute("aria-label", `${this.frame.querySelector("title").textContent}: arrow keys step through it`);
      this.told = document.createElement("p");
      this.told.className = "told";
      this.told.setAttribute("role", "status");
      this.frame.append(this.told);
      this.figure.addEventListener("keydown", (event) => this.step(event));
      this.figure.addEventListener("blur", () => this.leave());
      this.frame.addEventListener("pointerdown", (event) => (this.touched = event.clientX));
    }

    // What can be told, in the order of reading: from left to right, or by rows from the top.
    get points() {
      if (this.list) return this.list;
      const { data, layout } = unpack(this.short);
      const rows = layout.yaxis.range[0] > layout.yaxis.range[1];
      const value = (x) => (typeof x === "string" ? Date.parse(x.length > 10 ? `${x.replace(" ", "T")}Z` : `${x}T00:00Z`) : x);
      const [left, right] = layout.xaxis.range.map(value);
      const points = data.flatMap(({ x, y, text }, curveNumber) =>
        (text ?? []).flatMap((told, pointNumber) =>
          told && y[pointNumber] !== null ? [{ x: (value(x[pointNumber]) - left) / (right - left), y: y[pointNumber], told, at: { curveNumber, pointNumber } }] : [],
        ),
      );
      points.sort((a, b) => (rows ? a.y - b.y || a.x - b.x : a.x - b.x || a.at.curveNumber - b.at.curveNumber));
      if (layout.hovermode === "x") this.list = points.filter((point, n) => point.x !== points[n + 1]?.x || point.told !== points[n + 1].told);
      return (this.list ??= points);
    }

    step(event) {
      if (event.target !== this.figure || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const last = this.points.length - 1;
      const at = this.at ?? -1;
      const to = { ArrowRight: Math.min(at + 1, last), ArrowLeft: at < 0 ? last : Math.max(at - 1, 0), Home: 0, End: last }[event.key];
      if (event.key === "Escape") {
        this.figure.blur();
      } else if (to !== undefined && last >= 0) {
        event.preventDefault();
        this.at = to;
        this.tell();
      }
    }

    tell() {
      if (this.at === undefined) return;
      const point = this.points[this.at];
      const plain = new DOMParser().parseFromString(point.told.replaceAll("<br>", "\n"), "text/html");
      this.told.textContent = plain.body.textContent;
      this.told.classList.toggle("left", point.x > 0.5);
      if (this.live) window.Plotly.Fx.hover(this.live, [point.at]);
    }

    leave() {
      if (this.at === undefined) return;
      this.at = undefined;
      this.told.textContent = "";
      if (this.live) window.Plotly.Fx.unhover(this.live);
    }

    async draw() {
      const styles = getComputedStyle(document.documentElement);
      const { data, layout } = paint(unpack(this.short), styles);
      const font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: styles.getPropertyValue("--ink").trim() };
      Object.assign(layout, {
        font,
        autosize: true,
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        hoverlabel: { bgcolor: styles.getPropertyValue("--paper").trim(), bordercolor: styles.getPropertyValue("--edge").trim(), font, align: "left" },
      });
      // With a mouse a stretch of time can be drawn out, and a double click brings all back.
      const zooms = matchMedia("(pointer: fine)").matches && layout.xaxis.type === "date";
      if (zooms) [layout.dragmode, layout.xaxis.fixedrange] = ["zoom", false];
      const whole = [...layout.xaxis.range].map((end) => Date.parse(end)).join();
      const live = this.live ?? document.createElement("div");
      try {
        const Plotly = await plotly();
        live.className = "live";
        live.setAttribute("aria-hidden", "true");
        this.frame.append(live);
        await Plotly.react(live, data, layout, { displayModeBar: false, responsive: true, showTips: false });
        if (!this.live && zooms)
          live.on("plotly_relayout", (change) => {
            if (!("xaxis.range[0]" in change) && !("xaxis.range" in change)) return;
            const all = live.layout.xaxis.range.map((end) => Date.parse(end)).join() === whole;
            Plotly.relayout(live, { "xaxis.tickmode": all ? "array" : "auto", "xaxis.nticks": 8, "xaxis.tickformat": "%-d %b" });
          });
        this.live = live;
        this.frame.classList.add("on"); // the drawing stays for screen readers; only its paint goes
        if (this.at === undefined) this.answer();
        else this.tell();
      } catch (error) {
        this.bare();
        live.remove();
        console.warn("The drawing stays as it is:", error);
      }
    }

    // The tap that made Plotly come is answered as the next ones will be.
    answer() {
      if (this.touched === undefined || matchMedia("(pointer: fine)").matches) return;
      const box = this.frame.getBoundingClientRect();
      const share = (this.touched - box.left) / box.width;
      const near = this.points.reduce((best, point) => (Math.abs(point.x - share) < Math.abs(best.x - share) ? point : best), this.points[0]);
      if (near) window.Plotly.Fx.hover(this.live, [near.at]);
      this.touched = undefined;
    }

    bare() {
      this.frame.classList.remove("on");
      this.live?.remove();
      this.live = undefined;
    }
  }

  const charts = new Map(figures.map((source) => [source.parentElement, new Chart(source)]));
  if (!charts.size || !("IntersectionObserver" in window)) return;
  const drawn = new Set();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries)
        if (isIntersecting) {
          watch.unobserve(target);
          drawn.add(charts.get(target));
          charts.get(target).draw();
        }
    },
    { rootMargin: "300px" },
  );
  // A page that is only looked at loads no Plotly.
  const signs = ["scroll", "wheel", "pointermove", "pointerdown", "touchstart", "keydown"];
  const begin = () => {
    for (const sign of signs) removeEventListener(sign, begin, { capture: true });
    for (const figure of charts.keys()) watch.observe(figure);
  };
  for (const sign of signs) addEventListener(sign, begin, { capture: true, passive: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((chart) => chart.draw()));
  addEventListener("beforeprint", () => drawn.forEach((chart) => chart.bare()));
  addEventListener("afterprint", () => drawn.forEach((chart) => chart.draw()));
})();
