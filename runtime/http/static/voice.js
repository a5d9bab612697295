// A chime and a voice, one announcement after another.

const CHIME_S = 1.1;
const SPEECH_S_MAX = 20; // a voice that never says it has finished holds up nobody for longer

let context = null;

/** Browsers allow sound once somebody touched the page, or where they are set up to. */
export async function allowSound() {
  context ??= new AudioContext();
  await context.resume();
  return context.state === "running";
}

/** Two soft tones; resolves when they have faded. */
export function chime() {
  if (context?.state !== "running") return Promise.resolve();
  const begin = context.currentTime + 0.02;
  [
    [659.25, 0],
    [523.25, 0.35],
  ].forEach(([hertz, delay]) => {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = "sine";
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0, begin + delay);
    gain.gain.linearRampToValueAtTime(0.25, begin + delay + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + delay + 0.7);
    tone.connect(gain).connect(context.destination);
    tone.start(begin + delay);
    tone.stop(begin + delay + 0.75);
  });
  return new Promise((resolve) => setTimeout(resolve, CHIME_S * 1000));
}

/** Say something in a language; resolves when it has been said, or cannot be. */
export function speak(words, tag) {
  const synthesis = window.speechSynthesis;
  if (!synthesis || synthesis.getVoices().length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = tag;
    utterance.rate = 0.9;
    const stuck = setTimeout(() => {
      synthesis.cancel();
      resolve();
    }, SPEECH_S_MAX * 1000);
    utterance.onend = utterance.onerror = () => {
      clearTimeout(stuck);
      resolve();
    };
    synthesis.speak(utterance);
  });
}
