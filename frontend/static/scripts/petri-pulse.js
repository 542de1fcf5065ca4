/**
 * A worker that posts a message at regular intervals. Browsers slow the timers of background pages down to one a minute,
 * and participants in a waiting room look at other pages in the meantime. Timers in a worker are not slowed down.
 */
self.onmessage = ({ data: milliseconds }) => setInterval(() => self.postMessage("beat"), milliseconds);
