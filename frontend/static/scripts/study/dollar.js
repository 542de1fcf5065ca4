/**
 * The few parts of jQuery that `dallinger2.js` uses, so that a study's page needn't load all of jQuery (30 KB). Where jQuery
 * itself is on the page, this file does nothing. A classic script.
 */
(function () {
  "use strict";
  if (window.$) return;

  /** jQuery's Deferred: `done` and `fail` are called at once, `then` a moment later. */
  function Deferred() {
    const acts = { resolved: [], rejected: [] };
    let state = "pending";
    let result;
    const settle = (outcome) => function (value) {
      if (state === "pending") {
        state = outcome;
        result = value;
        for (const act of acts[outcome]) act(value);
      }
      return deferred;
    };
    const when = (outcome, act) => {
      if (state === outcome) act(result);
      else if (state === "pending") acts[outcome].push(act);
    };
    const promise = {
      state: () => state,
      done(act) { when("resolved", act); return this; },
      fail(act) { when("rejected", act); return this; },
      always(act) { when("resolved", act); when("rejected", act); return this; },
      catch(act) { return this.then(undefined, act); },
      // biome-ignore lint/suspicious/noThenProperty: jQuery's promises can be awaited, so these can be too.
      then(onDone, onFail) {
        const next = Deferred();
        const pass = (act, otherwise) => (value) => queueMicrotask(() => {
          if (typeof act !== "function") return otherwise(value);
          try {
            follow(act(value), next);
          } catch (error) {
            next.reject(error);
          }
        });
        when("resolved", pass(onDone, next.resolve));
        when("rejected", pass(onFail, next.reject));
        return next.promise();
      },
      promise: () => promise,
    };
    const deferred = { ...promise, resolve: settle("resolved"), reject: settle("rejected") };
    return deferred;
  }

  function follow(value, next) {
    if (typeof value?.then === "function") value.then(next.resolve, next.reject);
    else next.resolve(value);
  }

  function elementsOf(markup) {
    const template = document.createElement("template");
    template.innerHTML = markup;
    return [...template.content.childNodes];
  }

  function select(selector) {
    if (typeof selector !== "string") return selector?.nodes || [selector].flat().filter(Boolean);
    return selector.startsWith("<") ? elementsOf(selector) : [...document.querySelectorAll(selector)];
  }

  const nodesOf = (parts) => parts.flatMap((part) => (typeof part === "string" ? elementsOf(part) : select(part)));

  /** A set of elements, with the needed methods of jQuery. */
  class Elements {
    constructor(nodes) {
      this.nodes = nodes;
      this.length = nodes.length;
      this[0] = nodes[0];
    }

    each(act) {
      for (const node of this.nodes) act(node);
      return this;
    }

    filter(selector) { return new Elements(this.nodes.filter((node) => node.matches(selector))); }
    toArray() { return this.nodes; }
    text(text) { return this.each((node) => { node.textContent = text; }); }
    html(html) { return this.each((node) => { node.innerHTML = html; }); }
    empty() { return this.each((node) => node.replaceChildren()); }
    remove() { return this.each((node) => node.remove()); }
    append(...parts) { return this.each((node) => node.append(...nodesOf(parts))); }
    prepend(...parts) { return this.each((node) => node.prepend(...nodesOf(parts))); }
    appendTo(parent) { new Elements(select(parent)).append(this); return this; }
    on(event, act) { return this.each((node) => node.addEventListener(event, act)); }
    trigger(event) { return this.each((node) => (event === "focus" ? node.focus() : node.dispatchEvent(new Event(event, { bubbles: true })))); }
    addClass(name) { return this.each((node) => node.classList.add(name)); }
    hide() { return this.each((node) => { node.hidden = true; }); }
    css(name, value) { return this.each((node) => node.style.setProperty(name, value)); }

    attr(name, value) {
      const values = typeof name === "string" ? { [name]: value } : name;
      return this.each((node) => Object.entries(values).forEach(([key, each]) => node.setAttribute(key, each)));
    }

    prop(name, value) {
      return value === undefined ? this.nodes[0]?.[name] : this.each((node) => { node[name] = value; });
    }
  }

  window.$ = /** @type {any} */ (Object.assign((selector) => new Elements(select(selector)), { Deferred }));
})();
