"use strict";
// The test, page by page. Where answers go is the backend's: a server, or a file to hand over.
{
  const inside = document.getElementById("offline-test");
  const find = (selector) => document.querySelector(selector);
  const main = find("#main"), status = find("#status");
  const RETRY_MS = 2000;
  let state = null, record = null, shown = null, refresh = () => {};
  const player = new Player(() => refresh());

  function make(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.includes("-") || name === "role" || name === "for") node.setAttribute(name, value); else node[name] = value;
    }
    node.append(...children);
    return node;
  }
  const say = (text) => { status.textContent = text; };
  function show(...children) {
    player.clear();
    refresh = () => {};
    main.replaceChildren(...children);
    main.focus();
    scrollTo(0, 0);
  }

  // what this browser remembers: the session, the page being answered, what is not yet stored
  function remembered(test) {
    try { return JSON.parse(localStorage.getItem(`codecmark-listen:${test}`)) ?? {}; } catch { return {}; }
  }
  // another tab may have gone on meanwhile: what it stored stays, and whoever began after this tab's listener is not pushed out
  function remember(anew = false) {
    const there = remembered(state.test);
    if (!anew && "began" in there && there.began !== record.began) return;
    if (!anew && there.answers) {
      const own = new Set(record.answers.map((answer) => answer.page));
      record.answers = [...there.answers.filter((answer) => !own.has(answer.page)), ...record.answers];
    }
    try { localStorage.setItem(`codecmark-listen:${state.test}`, JSON.stringify(record)); } catch { /* private window: no resuming */ }
  }

  const server = {
    token: location.hash.slice(1),
    async call(path, body) {
      const headers = { "Codecmark-Token": this.token };
      if (record?.session) headers["Codecmark-Session"] = record.session;
      if (body) headers["Content-Type"] = "application/json";
      const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
      if (answer.ok) return answer;
      const problem = await answer.json().catch(() => ({ error: answer.statusText }));
      throw Object.assign(new Error(problem.error), { status: answer.status });
    },
    async about() { return (await this.call("api/test")).json(); },
    async resume() { return (await this.call("api/session")).json(); },
    async join(listener, headphones) { return (await this.call("api/join", { consent: true, listener, headphones })).json(); },
    async sound(page, place) { return (await this.call(`api/audio/${page}/${place}`)).arrayBuffer(); },
    async store(answer) { await this.call("api/answer", answer); },
  };
  const offline = {
    async about() { return JSON.parse(inside.textContent); },
    async resume() { return { ...(await this.about()), done: (record.answers ?? []).map((answer) => answer.page) }; },
    async join(listener, headphones) {
      Object.assign(record, { listener, headphones, answers: [] });
      return this.resume();
    },
    async sound(page, place) {
      const name = state.pages.find((each) => each.page === page).sounds[place];
      const text = document.getElementById(`sound-${name}`).textContent;
      return Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0)).buffer;
    },
    async store(answer) {
      record.answers = [...record.answers.filter((each) => each.page !== answer.page), answer];
      remember();
    },
    result() {
      const { session, plan } = state;
      return JSON.stringify({ format: "codecmark-answers-1", plan_sha256: plan, session, listener: record.listener, headphones: record.headphones, answers: record.answers }, null, 1);
    },
  };
  const backend = inside ? offline : server;

  function download() {
    const url = URL.createObjectURL(new Blob([offline.result()], { type: "application/json" }));
    make("a", { href: url, download: `answers-${state.session}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  async function begin() {
    try {
      state = await backend.about();
      record = remembered(state.test);
      document.title = find("#title").textContent = state.title;
      if (record.session || record.answers) {
        try { state = await backend.resume(); return welcomeBack(); } catch (error) { if (error.status !== 401) throw error; record = {}; }
      }
      consent();
    } catch (error) {
      say(`The test cannot be opened: ${error.message}`);
    }
  }

  function welcomeBack() {
    const left = state.pages.filter((page) => !state.done.includes(page.page)).length;
    if (!left) return finish();
    const who = state.listener || record.listener;
    show(make("h2", { textContent: "Welcome back" }), make("p", { textContent: `${who ? `${who}: ` : ""}${left} of ${state.pages.length} pages are left; what was answered is stored.` }),
      make("div", { className: "next" }, button("Go on", () => volume(), "main")), ...otherwise(() => leave()));
  }
  // who shares a browser: a file is one listener's, and says so
  function otherwise(action) {
    return inside ? [make("p", { textContent: "This file is for one listener. Whoever else takes part needs a file of their own." })] : [button("I am somebody else", action)];
  }
  function leave() {
    show(make("h2", { textContent: "Somebody else?" }), make("p", { textContent: `What ${state.listener} answered stays stored, but ${state.listener} cannot go on in this browser then.` }),
      make("div", { className: "next" }, button("Back", () => welcomeBack()), button("Begin as somebody else", () => forget(), "main")));
  }
  function forget() {
    record = { began: null };
    remember(true);
    find("#progress").hidden = true;
    find("#where").textContent = "";
    say("");
    consent();
  }
  function button(text, action, kind = "") {
    return make("button", { type: "button", textContent: text, className: kind, onclick: action });
  }

  function consent() {
    const agreed = make("input", { type: "checkbox", id: "consent" });
    const name = make("input", { type: "text", id: "listener", maxLength: 40, autocomplete: "off" });
    const worn = ["yes", "no"].map((value) => make("input", { type: "radio", name: "headphones", value }));
    const go = button("Begin", async () => {
      const chosen = worn.find((each) => each.checked);
      if (!agreed.checked || !chosen) return say("Please say whether you wear headphones, and agree.");
      try {
        await player.open();
        state = await backend.join(name.value, chosen.value === "yes");
        Object.assign(record, { session: state.session, began: Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-") });
        remember(true);
        say("");
        volume();
      } catch (error) { say(error.message); }
    }, "main");
    show(
      make("h2", { textContent: "Before you begin" }),
      make("p", { textContent: "You will hear short sounds and say how they sound to you. There are no wrong answers. Find a quiet place, and wear headphones if you can." }),
      make("p", { textContent: "Stored are your answers, how long each took, and what you state here: no name, no address. You can stop at any time, and go on later in this browser." }),
      make("label", { for: "listener", textContent: "A pseudonym (may be left empty; not your name)" }), name,
      make("fieldset", {}, make("legend", { textContent: "Do you wear headphones?" }),
        ...worn.map((each) => make("label", {}, each, each.value === "yes" ? "Yes" : "No"))),
      make("label", { className: "check" }, agreed, "I take part of my own will and agree that my answers are stored."),
      make("div", { className: "next" }, go));
  }

  async function sounds(page) {
    const places = [...Array(page.items).keys(), ...(page.reference ? ["reference"] : [])];
    return Promise.all(places.map(async (place) => player.decode(await backend.sound(page.page, place))));
  }
  const next = () => state.pages.find((page) => !state.done.includes(page.page));

  async function volume() {
    await player.open();
    const page = next();
    if (!page) return finish();
    const level = make("input", { type: "range", min: 5, max: 100, value: 70, id: "volume", oninput: () => player.setVolume(level.value / 100) });
    const play = button("Play", () => player.toggle());
    const go = button("It is right, go on", () => { say(""); proceed(true); }, "main");
    play.disabled = go.disabled = true;
    show(make("h2", { textContent: "Volume" }),
      make("p", { textContent: "Play the sound and set a volume that is comfortable. Please leave it there for the whole test." }),
      make("div", { className: "transport" }, play), make("label", { for: "volume", textContent: "Volume" }), level,
      make("div", { className: "next" }, go));
    try {
      const loaded = await sounds(page);
      player.load([loaded[loaded.length - 1]], { looped: true, together: true });
      player.setVolume(level.value / 100);
      play.disabled = false;
      refresh = () => {
        play.textContent = player.playing ? "Pause" : "Play";
        if (player.playing) go.disabled = false;
      };
    } catch (error) { say(`The sound cannot be loaded: ${error.message}`); }
  }

  // between pages: the end of the training, breaks, the end
  function proceed(first = false) {
    const page = next();
    if (!page) return finish();
    if (record.draft?.page === page.page) return judge(page);
    const before = state.pages[state.pages.indexOf(page) - 1];
    const counted = state.pages.filter((each) => !each.training && state.done.includes(each.page)).length;
    if (page.training && first) return interlude("Training", "First some pages to get used to the sounds and the scale. They do not count.", page);
    if (before?.training && !page.training) return interlude("The test begins", "From here on your answers count.", page);
    if (!first && counted && counted % state.break_after === 0) return interlude("Time for a break", "Rest your ears for a minute. You may also close this page and go on later.", page);
    return judge(page);
  }
  function interlude(heading, text, page) {
    progress();
    show(make("h2", { textContent: heading }), make("p", { textContent: text }), make("div", { className: "next" }, button("Go on", () => judge(page), "main")));
  }
  function progress() {
    const bar = find("#progress");
    bar.hidden = false;
    bar.max = state.pages.length;
    bar.value = state.done.length;
    find("#where").textContent = `${state.done.length} of ${state.pages.length} pages done`;
  }

  const letter = (index) => (state.method === "abx" && index === 2 ? "X" : String.fromCharCode(65 + index));

  async function judge(page) {
    progress();
    const draft = record.draft?.page === page.page ? record.draft : { page: page.page, values: Array(page.answers).fill(null), heard_s: [], page_s: 0, comment: "" };
    const together = ["mushra", "ab", "abx"].includes(state.method);
    const count = page.items + (page.reference ? 1 : 0);
    const since = performance.now(), spent = draft.page_s;
    let sending = false; // what was sent may be stored although no reply came: it stays as it is
    show(make("p", { textContent: "Loading the sounds ..." }));
    let loaded;
    try { loaded = await sounds(page); } catch (error) {
      if (error.status === 401) return say(error.message);
      say(`The sounds cannot be loaded (${error.message}); trying again ...`);
      return setTimeout(() => { say(""); judge(page); }, RETRY_MS);
    }
    say("");

    const buttons = [], rows = [], ranges = [], radios = [];
    const place = (index) => (index === page.items ? "Reference" : page.items === 1 ? "Play the sound" : letter(index));
    for (let index = 0; index < count; index++) {
      buttons.push(make("button", { type: "button", textContent: place(index), "aria-pressed": "false", onclick: () => player.select(index) }));
    }
    const line = make("i"), band = make("b"), clock = make("span", { className: "clock" });
    const transport = make("div", { className: "transport" }, ...(page.reference ? [buttons[page.items]] : []), button("Pause", () => player.toggle()), clock);
    const playButton = transport.querySelector("button:last-of-type");
    const items = make("div", { className: "items" });
    const active = (index) => player.playing && player.current === index;
    if (state.method === "mushra") {
      for (let index = 0; index < page.items; index++) {
        const value = make("span", { className: "value", "aria-hidden": "true" }); // the slider says it
        const range = make("input", { type: "range", min: 0, max: 100, step: 1, value: draft.values[index] ?? 0, "aria-label": `Rating of ${letter(index)}` });
        range.addEventListener("input", () => {
          if (active(index) || sending) return rate(index, Number(range.value));
          range.value = draft.values[index] ?? 0;
          say(`Play ${letter(index)} to rate it.`);
          return undefined;
        });
        ranges.push(range);
        rows.push(make("div", { className: "item" }, buttons[index], range, value));
      }
      items.append(make("div", { className: "scale", "aria-hidden": "true" }, ...[...state.wording.labels].reverse().map(([, text]) => make("span", { textContent: text }))), ...rows);
    } else {
      const row = make("div", { className: "transport" }, ...buttons.slice(0, page.items));
      const choices = make("fieldset", {}, make("legend", { textContent: state.wording.question }), ...state.wording.labels.map(([value, text]) => {
        const radio = make("input", { type: "radio", name: "answer", value: String(value), checked: draft.values[0] === value, onchange: () => rate(0, value) });
        radios.push(radio);
        return make("label", {}, radio, text);
      }));
      items.append(row, choices);
    }
    const comment = make("input", { type: "text", id: "comment", maxLength: 500, value: draft.comment, oninput: () => { draft.comment = comment.value; keep(); } });
    const go = button("Next", () => send(), "main"), todo = make("p", { className: "todo" });
    show(...(page.training ? [make("p", { className: "training", textContent: "Training: this page does not count." })] : []),
      make("h2", { textContent: state.method === "mushra" ? state.wording.question : page.training ? "Training" : "Listen, then answer" }),
      transport, make("div", { className: "bar", "aria-hidden": "true" }, band, line), items,
      make("label", { for: "comment", textContent: "Comment (may be left empty)" }), comment,
      make("div", { className: "next" }, todo, go), keys(together));
    player.load(loaded, { looped: together, together, heard: draft.heard_s });

    function rate(index, value) {
      if (!sending) { draft.values[index] = value; say(""); keep(); }
      refresh();
    }
    function keep() {
      draft.heard_s = [...player.heard];
      draft.page_s = spent + (performance.now() - since) / 1000;
      record.draft = draft;
      remember();
    }
    function missing() {
      const unheard = buttons.map((each, index) => (player.heard[index] < page.hear_s * 0.98 ? (index === page.items ? "the reference" : place(index) === letter(index) ? letter(index) : "the sound") : "")).filter(Boolean);
      if (unheard.length) return `Still to hear: ${unheard.join(", ")}`;
      const unrated = draft.values.map((value, index) => (value === null ? (page.answers > 1 ? letter(index) : "your answer") : "")).filter(Boolean);
      return unrated.length ? `Still to rate: ${unrated.join(", ")}` : "";
    }
    refresh = () => {
      buttons.forEach((each, index) => each.setAttribute("aria-pressed", String(active(index))));
      rows.forEach((row, index) => {
        row.classList.toggle("active", active(index));
        row.classList.toggle("heard", player.heard[index] >= page.hear_s * 0.98);
        ranges[index].setAttribute("aria-disabled", String(sending || !active(index)));
        ranges[index].value = draft.values[index] ?? 0;
        ranges[index].setAttribute("aria-valuetext", draft.values[index] === null ? "not rated" : String(draft.values[index]));
        row.lastChild.textContent = draft.values[index] ?? "–";
      });
      radios.forEach((radio) => { radio.checked = Number(radio.value) === draft.values[0]; radio.disabled = sending; });
      comment.readOnly = sending;
      playButton.textContent = player.playing ? "Pause" : "Play";
      clock.textContent = `${player.position().toFixed(1)} of ${player.length.toFixed(1)} s`;
      line.style.width = `${(100 * player.position()) / player.length}%`;
      band.style.left = `${(100 * player.span[0]) / player.length}%`;
      band.style.width = player.region ? `${(100 * (player.region[1] - player.region[0])) / player.length}%` : "0";
      const text = missing();
      if (todo.textContent !== text) todo.textContent = text;
      go.disabled = sending || Boolean(text);
    };
    shown = { page, draft, rate, step(by) {
      if (state.method === "mushra") {
        const at = player.current;
        if (at === null || !active(at) || at >= page.items) return say("Play a sound to rate it.");
        return rate(at, Math.max(0, Math.min(100, (draft.values[at] ?? 0) + by)));
      }
      const order = state.wording.labels.map(([value]) => value), at = order.indexOf(draft.values[0]);
      return rate(0, order[Math.max(0, Math.min(order.length - 1, at < 0 ? 0 : at - Math.sign(by)))]);
    }, go: () => { if (!go.disabled) go.click(); }, keep };
    refresh();

    function send() {
      if (sending || missing()) return;
      player.pause();
      keep();
      const { values, heard_s, page_s } = draft;
      sending = true;
      refresh();
      post({ page: page.page, values: [...values], heard_s, page_s, comment: draft.comment });
    }
    async function post(answer) {
      try { await backend.store(answer); } catch (error) {
        if (error.status === 409) return stored(() => answered(proceed));
        if (error.status && error.status < 500) {
          sending = false;
          refresh();
          return say(error.message);
        }
        say(`Not stored yet (${error.message}); trying again. Please keep this page open.`);
        return setTimeout(() => post(answer), RETRY_MS);
      }
      return stored(proceed);
    }
    function stored(then) {
      say("");
      state.done.push(page.page);
      delete record.draft;
      remember();
      shown = null;
      then();
    }
  }
  function answered(then) {
    progress();
    show(make("h2", { textContent: "Answered before" }),
      make("p", { textContent: "This page was answered before, perhaps in another window, and in another way. The first answer stands; this one was not stored." }),
      make("div", { className: "next" }, button("Go on", () => then(), "main")));
  }

  function keys(together) {
    const list = [["0 or R", "reference"], ["1 to 9", "a sound"], ["← →", "the sound before, after"], ["Space", "play, pause"], ["Backspace", "stop"], ["J K", "rating down, up"], ["Shift J K", "by ten"], ["Enter", "next"]];
    if (together) list.push(["A B", "loop from here, to here"], ["C", "no loop"]);
    return make("details", {}, make("summary", { textContent: "Keys" }), make("p", {}, ...list.flatMap(([key, text]) => [make("kbd", { textContent: key }), ` ${text}  `])));
  }

  function finish() {
    progress();
    const closing = inside
      ? [make("p", { textContent: "Your answers are in this browser only. Please save the file and hand it over." }), button("Save my answers", download, "main")]
      : [make("p", { textContent: "Everything is stored. You can close this page." })];
    show(make("h2", { textContent: "Thank you" }), ...closing, ...otherwise(forget));
  }

  addEventListener("keydown", (event) => {
    if (!shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target, typing = at.type === "text", onControl = /^(BUTTON|SUMMARY|A)$/.test(at.tagName);
    if (typing) return;
    const { page } = shown, count = player.buffers.length, key = event.key;
    const native = at.type === "range" || at.type === "radio";
    if (key === " " && !onControl && at.type !== "radio") { event.preventDefault(); player.toggle(); }
    else if (key === "Backspace") { event.preventDefault(); player.stop(); }
    else if (key === "0" || key === "r") { if (page.reference) player.select(page.items); }
    else if (/^[1-9]$/.test(key)) { if (Number(key) <= page.items) player.select(Number(key) - 1); }
    else if (!native && (key === "ArrowRight" || key === "l")) player.select(((player.current ?? -1) + 1) % count);
    else if (!native && (key === "ArrowLeft" || key === "h")) player.select(((player.current ?? 0) + count - 1) % count);
    else if (key === "j" || key === "J") shown.step(key === "J" ? -10 : -1);
    else if (key === "k" || key === "K") shown.step(key === "K" ? 10 : 1);
    else if (key === "a" && player.looped) player.loopFrom();
    else if (key === "b" && player.looped) player.loopTo();
    else if (key === "c" && player.looped) player.setRegion(0, 0);
    else if (key === "Enter" && !onControl) shown.go();
  });
  setInterval(() => { if (player.playing) { player.account(); refresh(); } }, 50);
  addEventListener("pagehide", () => { player.account(); shown?.keep(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) { player.pause(); shown?.keep(); } });
  // for tests: what a script needs to behave as a listener
  window.codecmarkListen = { state: () => ({ playing: player.playing, current: player.current, heard: [...player.heard], done: state?.done?.length ?? 0, pages: state?.pages?.length ?? 0, gains: player.gains.map((gain) => gain.gain.value) }) };
  begin();
}
