"use strict";
// The shell is empty; what it shows is asked for here, with a token worked out from the page.
(async () => {
  const app = document.getElementById("app");
  const seed = document.querySelector("meta[name=board]").content;
  const token = Array.from(seed).reverse().join("");

  const make = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const ask = async (query) => {
    const answer = await fetch("/x?" + new URLSearchParams(query), { headers: { "X-Board": token } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };
  const when = (post) => make("time", new Date(post.created).toLocaleString("fr"), { datetime: post.created });

  const showPost = async (number) => {
    const post = await ask({ p: number });
    document.title = post.title + " · Le Panneau";
    const article = make("article", "", { id: "p" + post.id });
    const line = make("p", "par ", { class: "by" });
    line.append(make("span", post.author, { class: "author" }), " · ", when(post));
    article.append(make("h1", post.title), line, make("div", post.body, { class: "body" }));
    app.replaceChildren(article);
  };
  const showList = async (page) => {
    const found = await ask({ page });
    const list = make("ul", "", { class: "posts" });
    for (const post of found.posts) {
      const item = make("li", "");
      item.append(make("a", post.title, { href: "/p/" + post.id }), " ", make("span", post.author, { class: "author" }), " ", when(post));
      list.append(item);
    }
    const pages = make("nav", "", { class: "pages" });
    if (page > 1) pages.append(make("a", "Plus récents", { href: "/?page=" + (page - 1), rel: "prev" }));
    if (found.more) pages.append(make("a", "Plus anciens", { href: "/?page=" + (page + 1), rel: "next" }));
    app.replaceChildren(list, pages);
  };

  try {
    const number = location.pathname.match(/^\/p\/(\d+)$/);
    if (number) await showPost(number[1]);
    else await showList(Number(new URLSearchParams(location.search).get("page")) || 1);
  } catch (error) {
    app.replaceChildren(make("p", "Introuvable (" + error.message + ").", { class: "problem" }));
  }
})();
