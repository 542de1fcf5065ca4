/**
 * A worker that says every so often that time has passed. Browsers slow the timers of pages in the background down
 * to one a minute, and who waits in a waiting room looks at other pages meanwhile; timers of a worker keep their pace.
 */
self.onmessage = ({ data: milliseconds }) => setInterval(() => self.postMessage("beat"), milliseconds);
