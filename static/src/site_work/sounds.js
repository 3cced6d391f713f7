import { browser } from "@web/core/browser/browser";

const MUTE_KEY = "oms_site_work.mute";

/** Tones by what they tell: [frequency in Hz, start in s, length in s], vibration in ms. */
const SOUNDS = {
    ok: { wave: "sine", notes: [[1046, 0, 0.07]], vibration: 40 },
    done: {
        wave: "sine",
        notes: [
            [784, 0, 0.08],
            [1046, 0.09, 0.08],
            [1318, 0.18, 0.14],
        ],
        vibration: [40, 40, 80],
    },
    warning: {
        wave: "triangle",
        notes: [
            [440, 0, 0.12],
            [440, 0.18, 0.12],
        ],
        vibration: [80, 60, 80],
    },
    error: {
        wave: "square",
        notes: [
            [165, 0, 0.2],
            [123, 0.2, 0.3],
        ],
        vibration: 300,
    },
};

/** Plays short tones that can be told apart without looking. Made here, so they need no file. */
export class Sounds {
    constructor() {
        this.isMute = browser.localStorage.getItem(MUTE_KEY) === "1";
    }

    toggle() {
        this.isMute = !this.isMute;
        browser.localStorage.setItem(MUTE_KEY, this.isMute ? "1" : "0");
        this.play("ok");
    }

    play(name) {
        const sound = SOUNDS[name];
        if (!sound || this.isMute) {
            return;
        }
        try {
            browser.navigator.vibrate?.(sound.vibration);
            this._playNotes(sound);
        } catch {
            // No sound is no reason to stop: the sentence is on the screen.
        }
    }

    _playNotes({ wave, notes }) {
        const Context = window.AudioContext || window.webkitAudioContext;
        if (!Context) {
            return;
        }
        this.context ||= new Context();
        // Browsers let nobody play before the first touch or key.
        if (this.context.state === "suspended") {
            this.context.resume();
        }
        const now = this.context.currentTime;
        for (const [frequency, start, length] of notes) {
            const oscillator = this.context.createOscillator();
            const volume = this.context.createGain();
            oscillator.type = wave;
            oscillator.frequency.value = frequency;
            // Rises and falls a little slower than at once, which would click.
            volume.gain.setValueAtTime(0, now + start);
            volume.gain.linearRampToValueAtTime(0.25, now + start + 0.01);
            volume.gain.linearRampToValueAtTime(0, now + start + length);
            oscillator.connect(volume).connect(this.context.destination);
            oscillator.start(now + start);
            oscillator.stop(now + start + length);
        }
    }

    close() {
        this.context?.close();
        this.context = null;
    }
}
