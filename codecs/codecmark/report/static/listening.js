// The player: reference, A and B run together as three looped sources; switching moves gains only.
{
  const holder = one("#player");
  if (holder) asset("listening").then((text) => start(holder, JSON.parse(text)));

  function start(holder, data) {
    const CROSSFADE_S = 0.005;
    const clipMenu = one("#clip"), menus = [one("#codec-a"), one("#codec-b")];
    const playButton = one("#play"), loopBox = one("#loop"), clock = one("#clock"), status = one("#player-status");
    const hearButtons = all("[data-hear]"), stages = all(".stage", holder);
    const buffers = new Map();
    let context = null, sources = [], gains = [], tracks = [], spectra = [], peak = 0;
    let order = [0, 1, 2]; // which track each of the three buttons plays
    let heard = 0, playing = false, startedAt = 0, offset = 0, region = null, generation = 0;

    const say = (message) => { status.textContent = message; status.hidden = !message; };
    const clip = () => data.clips[Number(clipMenu.value)];
    const length = () => (tracks[0] ? tracks[0].duration : 0);

    async function decoded(id) {
      if (!buffers.has(id)) {
        buffers.set(id, asset(id).then((base64) => {
          const bytes = Uint8Array.from(atob(base64.trim()), (letter) => letter.charCodeAt(0));
          // at the clip's own rate, so that the samples are those of the decoder
          return new OfflineAudioContext(1, 1, clip().rate).decodeAudioData(bytes.buffer);
        }));
      }
      return buffers.get(id);
    }

    data.clips.forEach((entry, index) => clipMenu.append(element("option", { value: String(index), textContent: `${entry.name} (${entry.class})` })));

    function fillMenus() {
      menus.forEach((menu, which) => {
        const before = menu.value || data.start[which];
        menu.replaceChildren(...offered().map((entry) => element("option", { value: entry.spec, textContent: entry.spec, disabled: !entry.audio })));
        const usable = offered().filter((entry) => entry.audio).map((entry) => entry.spec);
        menu.value = usable.includes(before) ? before : usable[Math.min(which, usable.length - 1)] ?? "";
      });
    }
    const reference = () => ({ spec: "reference", audio: clip().audio, facts: "", note: "" });
    const offered = () => [...clip().heard, reference()];
    const chosen = () => menus.map((menu) => offered().find((entry) => entry.spec === menu.value));

    async function load() {
      const ours = ++generation;
      const wasPlaying = playing;
      pause();
      say("Decoding ...");
      try {
        const ids = [clip().audio, ...chosen().map((entry) => entry.audio)];
        const found = await Promise.all(ids.map(decoded));
        if (ours !== generation) return;
        tracks = found;
      } catch (error) {
        if (ours === generation) say(`Cannot be played: ${error.message}`);
        return;
      }
      spectra = tracks.map(levels);
      peak = peakOf(spectra[0]);
      offset = Math.min(offset, length());
      if (region && region[1] > length()) region = null;
      say("");
      draw();
      describe();
      place();
      holder.dataset.ready = String(ours);
      if (wasPlaying) play();
    }

    function describe() {
      all(".view-of", holder).slice(0, 3).forEach((view, which) => {
        const entry = which ? chosen()[which - 1] : null;
        one(".what", view).textContent = entry ? entry.spec : clip().name;
        one(".facts", view).textContent = entry ? entry.facts : `${clip().class}, ${length().toFixed(1)} s, ${clip().rate} Hz`;
        const warning = one(".warn", view);
        warning.textContent = entry ? entry.note : "";
        warning.hidden = !warning.textContent;
      });
      one("#axes").textContent = `Pictures: 0 to ${(clip().rate / 2000).toFixed(0)} kHz, 0 to ${length().toFixed(1)} s, one scale for all three`;
    }

    function draw() {
      if (!tracks.length) return;
      all(".view-of", holder).slice(0, 3).forEach((view, which) => {
        drawWave(one(".wave", view), tracks[which]);
        drawLevels(one(".spectrogram", view), spectra[which], peak);
      });
      drawDifferenceOf();
      drawScale(one("#scale-level"), levelColour);
      drawScale(one("#scale-difference"), differenceColour);
    }
    function drawDifferenceOf() {
      const [ours, theirs] = one("#difference").value.split(",").map(Number);
      if (spectra.length) drawDifference(one('.view-of[data-of="3"] .spectrogram', holder), spectra[ours], spectra[theirs], peak);
    }

    function position() {
      if (!playing) return offset;
      const at = offset + context.currentTime - startedAt;
      if (!loopBox.checked) return Math.min(at, length());
      const [from, to] = region ?? [0, length()];
      return at < to ? at : from + ((at - from) % (to - from));
    }

    async function play() {
      if (!tracks.length) return;
      context ??= new AudioContext();
      await context.resume();
      const [from, to] = region ?? [0, length()];
      if (region && (offset < from || offset >= to)) offset = from;
      if (offset >= length() - 0.01) offset = from;
      startedAt = context.currentTime + 0.03; // one instant for all three
      const output = new GainNode(context);
      output.connect(context.destination);
      gains = tracks.map((_, which) => new GainNode(context, { gain: which === order[heard] ? 1 : 0 }));
      sources = tracks.map((buffer, which) => {
        const source = new AudioBufferSourceNode(context, { buffer, loop: loopBox.checked, loopStart: from, loopEnd: to });
        source.connect(gains[which]).connect(output);
        source.start(startedAt, offset);
        return source;
      });
      const ours = sources;
      sources[0].onended = () => { if (ours === sources && playing) { playing = false; offset = 0; mark(); place(); } };
      playing = true;
      mark();
      tick();
    }
    function pause() {
      if (!playing) return;
      offset = Math.max(0, position());
      playing = false;
      sources.forEach((source) => source.stop());
      mark();
      place();
    }
    function again() { if (playing) { pause(); play(); } }

    function hear(which) {
      heard = which;
      const now = context?.currentTime ?? 0;
      gains.forEach((gain, index) => {
        gain.gain.cancelScheduledValues(now);
        gain.gain.setValueAtTime(gain.gain.value, now);
        gain.gain.linearRampToValueAtTime(index === order[heard] ? 1 : 0, now + CROSSFADE_S);
      });
      mark();
    }

    function mark() {
      playButton.textContent = playing ? "❚❚ Pause" : "▶ Play";
      playButton.setAttribute("aria-pressed", String(playing));
      holder.dataset.playing = String(playing);
      hearButtons.forEach((button, which) => {
        button.setAttribute("aria-checked", String(which === heard));
        button.tabIndex = which === heard ? 0 : -1;
      });
      all(".view-of", holder).forEach((view, which) => { if (which === heard) view.dataset.heard = ""; else delete view.dataset.heard; });
    }
    function place() {
      const total = length() || 1;
      const at = Math.max(0, position());
      clock.textContent = `${at.toFixed(2)} s`;
      one("#whole").hidden = region === null;
      for (const stage of stages) {
        const cursor = one(".cursor", stage), band = one(".region", stage);
        cursor.hidden = false;
        cursor.style.left = `${(100 * at) / total}%`;
        band.hidden = region === null;
        if (region) { band.style.left = `${(100 * region[0]) / total}%`; band.style.width = `${(100 * (region[1] - region[0])) / total}%`; }
      }
    }
    function tick() { if (playing) { place(); requestAnimationFrame(tick); } }

    for (const stage of stages) {
      let from = null;
      const second = (event) => {
        const box = stage.getBoundingClientRect();
        return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * length();
      };
      stage.addEventListener("pointerdown", (event) => { from = second(event); stage.setPointerCapture(event.pointerId); });
      stage.addEventListener("pointermove", (event) => {
        if (from === null) return;
        const to = second(event);
        if (Math.abs(to - from) > 0.05) { region = [Math.min(from, to), Math.max(from, to)]; place(); }
      });
      const end = (event) => {
        if (from === null) return;
        const to = second(event), dragged = Math.abs(to - from) > 0.05, resume = playing;
        if (resume) pause();
        offset = dragged ? region[0] : to;
        if (!dragged && region && (to < region[0] || to > region[1])) region = null;
        from = null;
        place();
        if (resume) play();
      };
      stage.addEventListener("pointerup", end);
      stage.addEventListener("pointercancel", () => { from = null; });
    }
    const moved = new Set(["1", "2", "3"]);
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
      const inside = holder.getBoundingClientRect();
      if (inside.bottom < 0 || inside.top > innerHeight) return; // only where it can be seen
      if (event.key === " " && !/^(BUTTON|SUMMARY|A)$/.test(event.target.tagName)) { event.preventDefault(); playing ? pause() : play(); }
      else if (moved.has(event.key)) hear(Number(event.key) - 1);
      else if (event.key.toLowerCase() === "l") { loopBox.checked = !loopBox.checked; again(); }
      else if (/^[ab]$/i.test(event.key)) trials.vote(event.key.toLowerCase() === "b" ? 1 : 0);
    });
    one(".transport .switch", holder).addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: 2 }[event.key];
      if (!step) return;
      event.preventDefault();
      hear((heard + step) % 3);
      hearButtons[heard].focus();
    });
    hearButtons.forEach((button, which) => button.addEventListener("click", () => hear(which)));
    playButton.addEventListener("click", () => (playing ? pause() : play()));
    loopBox.addEventListener("change", again);
    one("#whole").addEventListener("click", () => { region = null; place(); again(); });
    one("#difference").addEventListener("change", drawDifferenceOf);
    clipMenu.addEventListener("change", () => { region = null; offset = 0; fillMenus(); load(); });
    menus.forEach((menu) => menu.addEventListener("change", () => { trials.restart(); load(); }));
    const trials = blindTrials(holder, {
      names: () => menus.map((menu) => menu.value),
      setOrder: (wanted) => { order = wanted; hear(heard); },
      pause,
    });
    all("[data-hear-spec]").forEach((button) => button.addEventListener("click", () => {
      menus[0].value = button.dataset.hearSpec;
      load().then(() => { hear(1); holder.scrollIntoView({ block: "center" }); });
    }));
    themeListeners.push(draw);
    // for tests and for the curious: what is heard, and whether the three run as one
    window.codecmarkPlayer = { state: () => ({ heard, playing, at: position(), gains: gains.map((gain) => gain.gain.value), length: length(), region }) };
    fillMenus();
    mark();
    // decode when the section comes near, so that the page opens at once
    new IntersectionObserver((entries, observer) => {
      if (entries.some((entry) => entry.isIntersecting)) { observer.disconnect(); load(); }
    }, { rootMargin: "600px" }).observe(holder);
  }
}
