// Spectrograms in the browser: 32 ms Hann windows every 10 ms, levels in dB.
function levels(buffer) {
  const rate = buffer.sampleRate;
  const size = 2 ** Math.round(Math.log2(0.032 * rate));
  const hop = Math.round(0.01 * rate);
  const samples = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const data = buffer.getChannelData(channel);
    for (let i = 0; i < data.length; i++) samples[i] += data[i] / buffer.numberOfChannels;
  }
  const frames = Math.max(1, Math.floor((samples.length - size) / hop) + 1);
  const bins = size / 2;
  const window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const cos = Float32Array.from({ length: bins }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float32Array.from({ length: bins }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
  const reversed = Uint32Array.from({ length: size }, (_, i) => {
    let bits = 0;
    for (let left = size, value = i; left > 1; left >>= 1, value >>= 1) bits = (bits << 1) | (value & 1);
    return bits;
  });
  const real = new Float32Array(size), imag = new Float32Array(size);
  const db = new Float32Array(frames * bins);
  for (let frame = 0; frame < frames; frame++) {
    for (let i = 0; i < size; i++) {
      const at = frame * hop + reversed[i];
      real[i] = at < samples.length ? samples[at] * window[reversed[i]] : 0;
      imag[i] = 0;
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = bins / half;
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const c = cos[k * stride], s = sin[k * stride];
          const a = start + k, b = a + half;
          const re = real[b] * c - imag[b] * s, im = real[b] * s + imag[b] * c;
          real[b] = real[a] - re; imag[b] = imag[a] - im;
          real[a] += re; imag[a] += im;
        }
      }
    }
    for (let k = 0; k < bins; k++) db[frame * bins + k] = 10 * Math.log10(real[k] ** 2 + imag[k] ** 2 + 1e-12);
  }
  return { db, frames, bins, rate };
}

const LEVEL_STOPS = [[4, 4, 18], [60, 15, 110], [140, 41, 129], [221, 74, 104], [253, 159, 108], [252, 253, 191]];
const LESS_STOPS = [[33, 92, 168], [110, 165, 216]], MORE_STOPS = [[230, 140, 105], [178, 45, 38]];
function mixed(stops, share) {
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  return stops[low].map((value, i) => value + (stops[low + 1][i] - value) * (place - low));
}
const levelColour = (share) => mixed(LEVEL_STOPS, share);
function differenceColour(share) {
  const dark = document.documentElement.dataset.theme === "dark";
  const equal = dark ? [34, 37, 42] : [250, 249, 246];
  return share < 0.5 ? mixed([...LESS_STOPS, equal], share * 2) : mixed([equal, ...MORE_STOPS], share * 2 - 1);
}
function paint(canvas, frames, bins, colourAt) {
  canvas.width = frames; canvas.height = bins;
  const context = canvas.getContext("2d");
  const image = context.createImageData(frames, bins);
  for (let frame = 0; frame < frames; frame++) {
    for (let k = 0; k < bins; k++) {
      const at = 4 * ((bins - 1 - k) * frames + frame);
      const [r, g, b] = colourAt(frame * bins + k);
      image.data[at] = r; image.data[at + 1] = g; image.data[at + 2] = b; image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}
const ramp = (colour) => Array.from({ length: 256 }, (_, i) => colour(i / 255));
const peakOf = ({ db }) => db.reduce((most, value) => Math.max(most, value), -Infinity);
function drawLevels(canvas, found, top, range = 80) {
  const colours = ramp(levelColour);
  paint(canvas, found.frames, found.bins, (i) => colours[Math.max(0, Math.min(255, Math.round((255 * (found.db[i] - top + range)) / range)))]);
}
function drawDifference(canvas, ours, theirs, top, floor = 80, reach = 30) {
  const colours = ramp(differenceColour);
  const level = (found, i) => Math.max(found.db[i], top - floor); // what nobody sees differs by nothing
  paint(canvas, ours.frames, ours.bins, (i) => colours[Math.max(0, Math.min(255, Math.round(255 * (0.5 + (level(ours, i) - level(theirs, i)) / (2 * reach)))))]);
}
function drawScale(canvas, colour) {
  const colours = ramp(colour);
  paint(canvas, 256, 1, (i) => colours[i]);
}
function drawWave(canvas, buffer) {
  const style = getComputedStyle(canvas);
  canvas.width = 1000; canvas.height = 128;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.color;
  const data = buffer.getChannelData(0);
  for (let x = 0; x < canvas.width; x++) {
    let low = 1, high = -1;
    const end = Math.floor(((x + 1) * data.length) / canvas.width);
    for (let i = Math.floor((x * data.length) / canvas.width); i < Math.max(end, 1); i++) { low = Math.min(low, data[i]); high = Math.max(high, data[i]); }
    const y = (value) => (0.5 - value / 2) * canvas.height;
    context.fillRect(x, y(high), 1, Math.max(1, y(low) - y(high)));
  }
}
