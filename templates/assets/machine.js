// The time machine of a place's page: what was known at each date, what was said then, and what came.
// Past forecasts are fetched when a reader first touches a control; the drawing made with the page stays until then.
(() => {
  const machines = [...document.querySelectorAll(".machine")];
  if (!machines.length) return;
  const DAY = 864e5;
  const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const KEY = [["counted", "counted, as known then"], ["hollow", "counted or revised later"], ["median", "about"], ["likely", "likely (50\u202f%)"], ["sure", "almost surely (95\u202f%)"]]
    .map(([kind, meaning]) => `<span class="key ${kind}">${meaning}</span>`).join(" ");
  const HELD = { l: "inside", s: "wide range only", m: "a miss", p: "no range" };
  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const number = (value) => {
    const text = String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, "\u202f");
    return value < -0.5 ? "\u2212" + text : text;
  };
  const span = (low, high) => (number(low) === number(high) ? number(low) : `${number(low)}\u2013${number(high)}`);
  const day = (time) => new Date(time);
  const iso = (time) => day(time).toISOString().slice(0, 10);
  const words = (time) => `${WEEKDAYS[day(time).getUTCDay()]} ${day(time).getUTCDate()} ${MONTHS[day(time).getUTCMonth()]} ${day(time).getUTCFullYear()}`;
  const short = (time) => `${day(time).getUTCDate()} ${MONTHS[day(time).getUTCMonth()].slice(0, 3)}`;

  let file = null;
  const load = () => {
    if (location.protocol === "file:") return Promise.reject(new Error("this page was opened from a disk, and stepping needs a server"));
    file ??= fetch("forecasts.json").then((answer) => {
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      return answer.json();
    });
    file.catch(() => (file = null));
    return file;
  };

  // Counts by day as each vintage had them: every step says by how much each count grew.
  const known = (target, step, last) => {
    const counts = new Map();
    for (let n = 0; n <= last; n++)
      for (const [first, ...grown] of target.counts[n] ?? [])
        grown.forEach((more, i) => {
          const end = first + i * step;
          if (more === null) counts.delete(end);
          else counts.set(end, (counts.get(end) ?? 0) + more);
        });
    return counts;
  };

  // What one step shows; days are counted from the first reference date.
  const view = (data, target, k) => {
    const now = data.dates[k];
    const row = target.said[k];
    const ahead = [];
    if (row)
      for (let i = 2, h = 0; i < row.length; i += 5, h++)
        if (row[i] !== null) {
          const [middle, a, b, c, d] = row.slice(i, i + 5).map((value) => value * 10 ** row[1]);
          ahead.push({ end: now + (h + 1) * data.step, q: [middle - a, middle - b, middle, middle + c, middle + d], held: target.held[k][h] });
        }
    const then = known(target, data.step, k);
    const latest = known(target, data.step, target.counts.length - 1);
    const first = (end) => {
      for (let n = 0; n < data.dates.length; n++)
        if (data.dates[n] >= end) return known(target, data.step, n).get(end) ?? latest.get(end);
      return undefined;
    };
    return { now, then, latest, ahead, first, model: row ? data.models[row[0]] : null };
  };

  const niceTicks = (top) => {
    const raw = top / 4;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((f) => f * unit).find((f) => f >= raw * 0.999);
    return Array.from({ length: Math.floor(top / step + 1e-6) }, (_, n) => (n + 1) * step);
  };

  const draw = (svg, data, shown, time) => {
    const { now, then, latest, ahead } = shown;
    const height = +svg.getAttribute("height");
    const [above, below] = [18, 26];
    const from = now - data.window * data.step;
    const past = [...then].filter(([end]) => end > from && end <= now).sort((a, b) => a[0] - b[0]);
    const end = Math.max(now, ...ahead.map((one) => one.end));
    const newer = [...latest].filter(([at]) => at > from && at <= end).sort((a, b) => a[0] - b[0]);
    const wide = Math.max(0, ...ahead.map((one) => one.q[4]));
    const most = Math.max(0, ...past.map((p) => p[1]), ...newer.map((p) => p[1]), ...ahead.map((one) => one.q[3]));
    const top = Math.max(1.06 * Math.max(most, Math.min(wide, 2.2 * most)), 1);
    // Of what was known already only revisions that can be seen.
    const later = newer.filter(([at, value]) => at > now || Math.abs((then.get(at) ?? -top) - value) > top / 100);
    const start = past.length ? past[0][0] : now;
    const width = Math.max(end - start, 1);
    const x = (at) => ((at - start) / width) * 940 + 40;
    const y = (value) => Math.max(Math.min(1000 - (value / top) * 1000, 1100), -100);
    const line = (points) => points.map(([at, value], i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    const gaps = (points) => points.map(([at, value], i) => `${i && at - points[i - 1][0] === data.step ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    const dots = (points) => points.map(([at, value]) => `M${x(at).toFixed(1)} ${y(value).toFixed(1)}h.01`).join("");
    const path = (d, more) => (d ? `<path d="${d}" vector-effect="non-scaling-stroke" ${more}/>` : "");
    const pixels = (value) => above + ((height - above - below) * y(value)) / 1000;
    const text = (left, down, anchor, label) => `<text x="${(left / 10).toFixed(2)}%" y="${down.toFixed(1)}" text-anchor="${anchor}" class="m">${escape(label)}</text>`;
    const anchor = (left) => (left < 80 ? "start" : left > 920 ? "end" : "middle");

    const ticks = niceTicks(top);
    let inside = path(ticks.map((tick) => `M0 ${y(tick).toFixed(1)}H1000`).join(""), 'class="n"');
    inside += path("M0 1000H1000", 'class="m" stroke-width="1.5"');
    const begin = then.has(now) ? [[now, Array(5).fill(then.get(now))]] : [];
    const fan = [...begin, ...ahead.map((one) => [one.end, one.q])];
    if (ahead.some((one) => one.q[0] !== one.q[4]))
      for (const [low, high, fill] of [[0, 4, "S"], [1, 3, "L"]]) {
        const outline = line([...fan.map(([at, q]) => [at, q[high]]), ...fan.map(([at, q]) => [at, q[low]]).reverse()]);
        inside += path(outline + "z", `class="${fill} e" stroke-width=".75"`);
      }
    inside += path(`M${x(now).toFixed(1)} 0V1000`, 'class="m" stroke-dasharray="2 3"');
    inside += path(line(fan.map(([at, q]) => [at, q[2]])), 'class="f" stroke-width="2.25"');
    inside += path(gaps(past), 'class="i" stroke-width="1.5" stroke-linejoin="round"');
    inside += path(dots(past), 'class="i" stroke-width="4.5" stroke-linecap="round"');
    const after = later.filter(([at]) => at > now);
    inside += path(gaps([...(after.length && then.has(now) ? [[now, then.get(now)]] : []), ...after]), 'class="i" stroke-width="1.25" stroke-dasharray="4 3"');
    inside += path(dots(later), 'class="i" stroke-width="7" stroke-linecap="round"');
    inside += path(dots(later), 'class="p" stroke-width="4.5" stroke-linecap="round"');

    let texts = ticks.map((tick) => text(0, pixels(tick) - 4, "start", tick >= 1 ? number(tick) : tick)).join("");
    const every = (() => {
      const days = width / 5;
      return [1, 2, 7, 14, 28, 56, 91, 182, 364].find((step) => step >= days) ?? 728;
    })();
    for (let at = start; at <= end; at += Math.max(every, data.step))
      if (x(at) > 80 && x(at) < 950) texts += text(x(at), height - below + 18, anchor(x(at)), short(time(at)));
    texts += text(x(now), above - 5, x(now) > 400 ? "end" : "start", "data ended here");
    const [title, desc] = ["title", "desc"].map((tag) => svg.querySelector(tag));
    svg.innerHTML = `<svg y="${above}" width="100%" height="${height - above - below}" viewBox="0 0 1000 1000" preserveAspectRatio="none">${inside}</svg>${texts}`;
    svg.prepend(title, desc);
    desc.textContent = `What was known when data ended on ${words(time(now))}, what was said then, and what came.`;
  };

  const asked = () => {
    const found = new URLSearchParams(location.hash.slice(1));
    return found.has("as-of") ? { date: found.get("as-of"), target: +(found.get("target") ?? 1) - 1 } : null;
  };

  const set = (machine) => {
    const get = (name) => machine.querySelector(name);
    const [slider, frame, said, table] = ["input", ".draw", ".then", "tbody"].map(get);
    const svg = frame.querySelector("svg");
    const keys = get("figcaption") ?? said;
    const before = { keys: keys.innerHTML, drawing: svg.innerHTML, said: said.innerHTML, table: table.innerHTML };
    const target = +machine.dataset.target;
    const address = (date) => `#as-of=${date}${target ? `&target=${target + 1}` : ""}`;

    const show = async (k, date) => {
      let data;
      try {
        data = await load();
      } catch (error) {
        said.textContent = `Past forecasts cannot be shown: ${error.message}. The table below has the newest.`;
        return null;
      }
      const base = Date.parse(data.base);
      const time = (at) => base + at * DAY;
      if (date) k = data.dates.findLastIndex((at) => iso(time(at)) <= date);
      k = Math.min(Math.max(k, 0), data.dates.length - 1);
      slider.max = data.dates.length - 1;
      slider.value = k;
      const shown = view(data, data.targets[target], k);
      const at = iso(time(shown.now));
      slider.setAttribute("aria-valuetext", words(time(shown.now)));
      draw(svg, data, shown, time);
      keys.style.minHeight = `${keys.offsetHeight}px`;
      if (keys !== said) keys.innerHTML = `<span class="keys">${KEY}</span>`;
      const kind = data.live[k] === "1" ? "made live" : "made later from the data as of that day";
      const by = shown.model === null ? "Nothing was forecast from it." : `Forecast by ${escape(shown.model)}, ${kind}.`;
      said.innerHTML = `<strong>Data through ${words(time(shown.now))}</strong>, as known on ${words(time(data.as_of[k]))}. ${by} <a href="../${at}/">The post of that day</a>`;
      table.innerHTML = shown.ahead.map((one) => {
        const was = one.held === "-" ? undefined : shown.first(one.end);
        const held = one.held === "m" ? `${HELD.m}, too ${was > one.q[2] ? "low" : "high"}` : HELD[one.held];
        const ranges = one.q[0] === one.q[4] ? '<td class="n muted" colspan="2">one number, no range</td>' : `<td class="n">${span(one.q[1], one.q[3])}</td><td class="n">${span(one.q[0], one.q[4])}</td>`;
        return `<tr><th scope="row">${WEEKDAYS[day(time(one.end)).getUTCDay()].slice(0, 3)} ${short(time(one.end))}</th><td class="n said">${number(one.q[2])}</td>${ranges}<td class="n">${was === undefined ? "\u2013" : number(was)}</td><td class="${one.held === "m" ? "miss" : ""}">${held ?? "not counted yet"}</td></tr>`;
      }).join("") || before.table;
      get(".share a").href = address(at);
      return at;
    };
    const step = async (k, keep) => {
      const at = await show(k);
      if (at && location.hash !== address(at)) history[keep ? "pushState" : "replaceState"](null, "", address(at));
    };
    const restore = () => {
      svg.innerHTML = before.drawing;
      keys.innerHTML = before.keys;
      said.innerHTML = before.said;
      table.innerHTML = before.table;
      slider.value = slider.max;
    };

    let moved = false;
    slider.addEventListener("pointerenter", () => load().catch(() => {}), { once: true });
    slider.addEventListener("input", () => {
      step(+slider.value, !moved);
      moved = true;
    });
    slider.addEventListener("change", () => (moved = false));
    const walk = (by) => step(+slider.value + by, true);
    get(".prev").addEventListener("click", () => walk(-1));
    get(".next").addEventListener("click", () => walk(1));
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", "Chart of past forecasts: arrow keys step through them");
    frame.addEventListener("keydown", (event) => {
      const far = Math.max(Math.round(slider.max / 10), 1);
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -far, PageUp: far, Home: -Infinity, End: Infinity }[event.key];
      if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      walk(by);
    });
    const copy = get(".share button");
    copy.hidden = !navigator.clipboard;
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(get(".share a").href);
        get(".share span").textContent = "Copied.";
      } catch {
        get(".share span").textContent = "Copying was not allowed; the link beside can be copied by hand.";
      }
    });
    return { target, machine, show, restore, stands: () => slider.value !== slider.max };
  };

  const all = machines.map(set);
  const follow = async (scroll) => {
    const wanted = asked();
    for (const one of all) {
      if (wanted && one.target === wanted.target) {
        await one.show(0, wanted.date);
        if (scroll) one.machine.scrollIntoView();
      } else if (one.stands()) one.restore();
    }
  };
  addEventListener("popstate", () => follow(false));
  if (asked()) follow(true);
})();
