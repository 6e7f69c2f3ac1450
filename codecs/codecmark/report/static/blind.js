// Blind listening: which of two is better without their names, and whether they can be told apart.
function binomialTail(successes, trials) {
  // the chance of as many or more by guessing, exact: whole numbers until the last division
  let term = 1n, sum = 0n; // the binomial coefficient of `trials` over `trials`, then downwards
  for (let count = trials; count >= successes; count--) {
    sum += term;
    term = (term * BigInt(count)) / BigInt(trials - count + 1);
  }
  return Number((sum * 10n ** 15n) >> BigInt(trials)) / 1e15;
}
const signTest = (first, second) => Math.min(1, 2 * binomialTail(Math.max(first, second), first + second));
function coin() { return crypto.getRandomValues(new Uint8Array(1))[0] & 1; }
const inPercent = (p) => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`);
const LABELS = { open: ["Reference", "A", "B"], blind: ["Reference", "A", "B"], abx: ["X", "A", "B"] };

// `player`: names() of A and B, setOrder(which track each button plays), pause()
function blindTrials(holder, player) {
  const panel = one("#trial"), task = one("#task"), tally = one("#tally"), votes = [one("#vote-a"), one("#vote-b")];
  const reveal = one("#reveal"), modes = all("button[data-mode]", holder);
  let mode = "open", answers = [], swapped = 0, shown = false;

  function next() {
    swapped = coin();
    if (mode === "blind") player.setOrder(swapped ? [0, 2, 1] : [0, 1, 2]);
    else if (mode === "abx") player.setOrder([1 + swapped, 1, 2]);
    else player.setOrder([0, 1, 2]);
    describe();
  }
  function result() {
    const [a, b] = player.names();
    if (mode === "blind") {
      const first = answers.filter((answer) => answer === 0).length, second = answers.length - first;
      return `${a} preferred ${first} times, ${b} ${second} times of ${answers.length}; two-sided sign test, ${inPercent(signTest(first, second))}`;
    }
    const right = answers.filter(Boolean).length;
    return `${right} of ${answers.length} right, ${inPercent(binomialTail(right, answers.length))} by guessing (exact binomial); A was ${a}, B ${b}`;
  }
  function describe() {
    panel.hidden = mode === "open";
    holder.dataset.mode = mode;
    modes.forEach((button) => {
      const on = button.dataset.mode === mode;
      button.setAttribute("aria-checked", String(on));
      button.tabIndex = on ? 0 : -1;
    });
    all("[data-hear]", holder).forEach((button, which) => { button.textContent = LABELS[mode][which]; });
    votes[0].textContent = mode === "abx" ? "X is A" : "A is better";
    votes[1].textContent = mode === "abx" ? "X is B" : "B is better";
    votes.forEach((button) => { button.disabled = shown; });
    const count = `${answers.length} ${answers.length === 1 ? "answer" : "answers"}`;
    task.textContent = mode === "abx" ? "X is A or B, drawn anew for each answer. Which is it?" : "A and B change places at random after each answer. Which is better?";
    tally.textContent = shown && answers.length ? result() : `${count}; decide how many you will give before you look`;
    reveal.disabled = !answers.length || shown;
  }
  function vote(which) {
    if (mode === "open" || shown) return;
    // ABX: whether it was right; blind: which of the pair was better, whatever it was called
    answers.push(mode === "abx" ? which === swapped : which ^ swapped);
    next();
  }
  function restart() { answers = []; shown = false; next(); }
  function choose(wanted) { player.pause(); mode = wanted; restart(); }
  votes.forEach((button, which) => button.addEventListener("click", () => vote(which)));
  reveal.addEventListener("click", () => { shown = true; describe(); });
  one("#restart").addEventListener("click", restart);
  modes.forEach((button, at) => {
    button.addEventListener("click", () => choose(button.dataset.mode));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: modes.length - 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const other = modes[(at + step) % modes.length];
      choose(other.dataset.mode);
      other.focus();
    });
  });
  return { vote, restart, isOpen: () => mode === "open" };
}
