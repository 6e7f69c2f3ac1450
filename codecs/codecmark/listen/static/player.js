"use strict";
// The sounds of one page run together as sources of one clock; switching moves gains only.
// How long each was audible is counted, in seconds of that clock.
const FADE_S = 0.005, SHORTEST_LOOP_S = 0.5;

class Player {
  constructor(onChange) {
    this.onChange = onChange;
    this.context = null;
    this.volume = 1;
    this.clear();
  }
  clear() {
    this.pause?.();
    this.buffers = []; this.heard = []; this.sources = []; this.gains = [];
    this.current = null; this.playing = false; this.offset = 0; this.region = null; this.looped = false; this.together = true;
  }
  // only after a gesture, or browsers keep it silent
  open() {
    this.context ??= new AudioContext({ sampleRate: 48000 });
    return this.context.resume();
  }
  decode(bytes) { return new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes); }
  load(buffers, { looped, together, heard }) {
    this.clear();
    this.buffers = buffers;
    this.heard = buffers.map((_, index) => heard?.[index] ?? 0);
    this.looped = looped;
    this.together = together;
  }
  get length() { return Math.min(...this.buffers.map((buffer) => buffer.duration)); }
  get span() { return this.region ?? [0, this.length]; }
  position() {
    if (!this.playing) return this.offset;
    const at = this.offset + Math.max(0, this.context.currentTime - this.startedAt);
    const [from, to] = this.span;
    if (!this.looped) return Math.min(at, this.length);
    return at < to ? at : from + ((at - from) % (to - from));
  }
  account() {
    if (!this.playing) return;
    const end = this.looped ? Infinity : this.startedAt + this.length - this.offset;
    const now = Math.min(this.context.currentTime, end);
    if (now > this.accounted) this.heard[this.current] += now - this.accounted;
    this.accounted = Math.max(this.accounted, now);
  }
  async select(index) {
    if (!(index in this.buffers)) return;
    await this.open();
    this.account();
    const again = !this.together;
    this.current = index;
    if (again) { this.pause(); this.offset = 0; }
    if (this.playing) this.fade(); else this.play();
    this.onChange();
  }
  play() {
    if (this.playing || !this.buffers.length) return;
    this.current ??= 0;
    const [from, to] = this.span;
    if (this.offset < from || this.offset >= to - 0.005) this.offset = from;
    this.startedAt = this.context.currentTime + 0.02;
    this.accounted = this.startedAt;
    this.gains = this.buffers.map(() => new GainNode(this.context, { gain: 0 }));
    this.sources = this.buffers.map((buffer, index) => {
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: this.looped, loopStart: from, loopEnd: to });
      source.connect(this.gains[index]).connect(this.context.destination);
      source.start(this.startedAt, this.offset);
      return source;
    });
    const ours = this.sources;
    ours[0].onended = () => {
      if (ours !== this.sources || !this.playing) return;
      this.account();
      this.playing = false; this.offset = 0;
      this.onChange();
    };
    this.playing = true;
    this.fade();
  }
  pause() {
    if (!this.playing) return;
    this.account();
    this.offset = this.position();
    this.playing = false;
    const now = this.context.currentTime;
    this.gains.forEach((gain) => this.ramp(gain, 0, now));
    this.sources.forEach((source) => { source.onended = null; source.stop(now + FADE_S); });
    this.onChange();
  }
  stop() { this.pause(); this.offset = this.span[0]; this.onChange(); }
  toggle() { if (this.playing) this.pause(); else this.select(this.current ?? 0); }
  ramp(gain, level, now) {
    gain.gain.cancelScheduledValues(now);
    gain.gain.setValueAtTime(gain.gain.value, now);
    gain.gain.linearRampToValueAtTime(level, now + FADE_S);
  }
  fade() {
    const now = Math.max(this.context.currentTime, this.startedAt);
    this.gains.forEach((gain, index) => this.ramp(gain, index === this.current ? this.volume : 0, now));
  }
  setVolume(level) { this.volume = level; if (this.playing) this.fade(); }
  loopFrom() { this.setRegion(this.position(), this.region?.[1] ?? this.length); }
  loopTo() { this.setRegion(this.region?.[0] ?? 0, this.position()); }
  setRegion(from, to) {
    const wasPlaying = this.playing;
    this.pause();
    this.region = to - from >= SHORTEST_LOOP_S ? [from, to] : null;
    this.offset = this.span[0];
    if (wasPlaying) this.play();
    this.onChange();
  }
}
