// The slow lane: instead of waiting, the browser finds a number such that SHA-256 of "ticket:number" begins with zero
// bits.
// SHA-256 by hand (FIPS 180-4 §6.2), for crypto.subtle is only there on secure addresses and is slow on short texts.
(() => {
  const PER_TURN = 4000;
  const K = new Uint32Array(64);
  const START = new Uint32Array(8);

  // The constants are the first 32 bits of the fractional parts of roots of the first primes (§4.2.2, §5.3.3).
  (() => {
    const fraction = (number) => ((number - Math.floor(number)) * 4294967296) >>> 0;
    let found = 0;
    for (let candidate = 2; found < 64; candidate += 1) {
      let prime = true;
      for (let factor = 2; factor * factor <= candidate; factor += 1) {
        if (candidate % factor === 0) {
          prime = false;
        }
      }
      if (prime) {
        K[found] = fraction(Math.cbrt(candidate));
        if (found < 8) {
          START[found] = fraction(Math.sqrt(candidate));
        }
        found += 1;
      }
    }
  })();

  const w = new Uint32Array(64);

  function block(state, words, offset) {
    for (let i = 0; i < 16; i += 1) {
      w[i] = words[offset + i];
    }
    for (let i = 16; i < 64; i += 1) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }

  function words(text) {
    const length = text.length;
    const out = new Uint32Array(((length + 8) >> 6) * 16 + 16);
    for (let i = 0; i < length; i += 1) {
      out[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
    }
    out[length >> 2] |= 0x80 << (24 - (length % 4) * 8);
    out[out.length - 1] = length * 8;
    return out;
  }

  // What comes before the last whole block is the same for every number, and is reckoned once.
  function searcher(ticket) {
    const whole = Math.floor((ticket.length + 1) / 64) * 64;
    const text = `${ticket}:`;
    const head = words(text.slice(0, whole));
    const middle = Uint32Array.from(START);
    for (let offset = 0; offset < whole / 4; offset += 16) {
      block(middle, head, offset);
    }
    return (number) => {
      const tail = words(text.slice(whole) + number);
      const length = (text.length + String(number).length) * 8;
      tail[tail.length - 1] = length;
      const state = Uint32Array.from(middle);
      for (let offset = 0; offset < tail.length; offset += 16) {
        block(state, tail, offset);
      }
      return state[0];
    };
  }

  function begin(box) {
    const form = box.closest("form");
    const status = box.querySelector("[role=status]");
    const field = box.querySelector("[name=regnestykke]");
    const first = searcher(box.querySelector("[name=ventebillett]").value);
    const bits = Number(box.dataset.bits);
    const files = form.querySelector("input[type=file]");
    let number = 0;

    status.textContent = status.dataset.working;
    (function turn() {
      for (let i = 0; i < PER_TURN; i += 1) {
        if (Math.clz32(first(number)) >= bits) {
          field.value = String(number);
          status.textContent = files ? status.dataset.ready : status.dataset.sending;
          if (!files) {
            form.requestSubmit();
          }
          return;
        }
        number += 1;
      }
      setTimeout(turn, 0);
    })();
  }

  document.querySelectorAll("[data-slow-lane]").forEach(begin);
})();
