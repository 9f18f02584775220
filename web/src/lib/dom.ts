// Builds elements. Text always becomes a text node, so names out of foreign models cannot become markup.

export type Child = Node | string | number | null | undefined | false | Child[];
type Attrs = Record<string, string | number | boolean | null | undefined>;

function append(parent: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child);
    else parent.append(typeof child === "object" ? child : document.createTextNode(String(child)));
  }
}

function fill<T extends Element>(element: T, attrs: Attrs, children: Child[]): T {
  for (const [key, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attrs: Attrs = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attrs, children);
}

export function s(tag: string, attrs: Attrs = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement, attrs, children);
}

/// A drawing with its text equivalent: the title is read aloud, and shown on hover.
export function drawing(className: string, title: string, attrs: Attrs, ...children: Child[]): SVGElement {
  return s("svg", { class: className, role: "img", focusable: "false", ...attrs }, s("title", {}, title), ...children);
}

/// Hands a file to whoever looks at the page.
export function save(content: Blob, name: string): void {
  const link = h("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
