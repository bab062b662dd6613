"""The script that reads a shown page as a tree: capture.masked_page says what becomes of it.

It runs beside the page's own scripts, which may lie to it; a lie is masked like anything else.
"""

from __future__ import annotations

from capture.masked_page import MAX_DEPTH, MAX_NODES, MAX_TEXT, STYLES

MEDIA = ("IMG", "PICTURE", "VIDEO", "AUDIO", "CANVAS", "SVG", "IFRAME", "FRAME", "OBJECT", "EMBED",
         "MATH", "METER", "PROGRESS")  # fmt: skip
UNSHOWN = ("SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "LINK", "META", "TITLE", "OPTION",
           "DATALIST", "SOURCE", "TRACK", "PARAM")  # fmt: skip
WIDE = ("block", "flex")  # columns of a page; a cell's width would tell the length of its words
BOUNDS = {"names": list(STYLES), "media": MEDIA, "unshown": UNSHOWN, "wide": WIDE,
          "maxNodes": MAX_NODES, "maxDepth": MAX_DEPTH, "maxText": MAX_TEXT}  # fmt: skip
READ_TREE = """bounds => {
  const media = new Set(bounds.media), unshown = new Set(bounds.unshown);
  const wide = new Set(bounds.wide);
  let nodes = 0;
  const read = (node, depth) => {
    if (++nodes > bounds.maxNodes || depth > bounds.maxDepth) throw new Error("too large");
    if (node.nodeType === 3) return ["t", node.data.slice(0, bounds.maxText)];
    if (node.nodeType !== 1) return null;
    const tag = node.tagName.toUpperCase();
    if (unshown.has(tag)) return null;
    const box = node.getBoundingClientRect();
    if (media.has(tag)) return ["p", Math.round(box.width), Math.round(box.height)];
    if (tag === "BR") return ["e", "br", {}, 0, 0, []];
    const shown = getComputedStyle(node), style = {};
    for (const name of bounds.names) {
      const value = shown.getPropertyValue(name);
      if (value) style[name] = value;
    }
    if (style.display === "grid" || style.display === "inline-grid") style.display = "block";
    if (!wide.has(style.display) || node === document.body) delete style.width;
    let children = [];
    if (tag === "INPUT" || tag === "TEXTAREA" || tag === "SELECT") {
      children = [["t", String(node.value || node.placeholder || "")]];
      style.display = "inline-block";
    } else {
      const inner = node.shadowRoot ? node.shadowRoot.childNodes
        : tag === "SLOT" ? node.assignedNodes({flatten: true}) : node.childNodes;
      for (const child of inner) {
        const told = read(child, depth + 1);
        if (told) children.push(told);
      }
    }
    return ["e", tag.toLowerCase(), style, Math.round(box.width), Math.round(box.height), children];
  };
  return JSON.stringify(read(document.body, 0));
}"""
