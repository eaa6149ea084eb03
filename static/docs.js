/* Puts Swagger UI in the place of the plain list of calls, and keeps a bearer that an answer brings for the next call.
   Nothing is stored: the bearer is gone with the page. */
const place = document.querySelector("[data-docs]");
if (place) start(place);

async function start(place) {
  const answer = await fetch(place.dataset.docs);
  if (!answer.ok) return; // the plain list stays
  followsTheEye();
  const who = asksWho(place.querySelector("[data-who]"));
  const ui = SwaggerUIBundle({
    spec: withSomebody(await answer.json(), place.dataset),
    domNode: place.querySelector(".try-out-ui"),
    presets: [SwaggerUIBundle.presets.apis],
    defaultModelsExpandDepth: -1,
    docExpansion: "list",
    supportedSubmitMethods: ["get", "post", "put", "patch", "delete"],
    tryItOutEnabled: true,
    validatorUrl: null,
    responseInterceptor: (response) => {
      const bearer = bearerIn(read(response));
      if (bearer) {
        ui.preauthorizeApiKey("bearer", bearer);
        place.querySelector(".try-out-kept").textContent = place.dataset.kept;
        who(bearer);
      }
      return response;
    },
  });
  document.getElementById(place.dataset.insteadOf).hidden = true;
  place.hidden = false;
}

/* Where the demo has people, the first call is filled in with one of them. */
function withSomebody(spec, { first, identity, password }) {
  if (!identity) return spec;
  for (const [path, { post }] of Object.entries(spec.paths)) {
    if (!post?.requestBody || !first.endsWith(path)) continue;
    for (const content of Object.values(post.requestBody.content)) {
      for (const name of ["email", "user", "username", "identity"]) {
        if (name in content.example) content.example[name] = identity;
      }
      content.example.password = password;
    }
  }
  return spec;
}

function read(response) {
  try {
    return JSON.parse(response.text);
  } catch {
    return {};
  }
}

/* Each contract has its own place for it: 001, 003, 000, 002, 004. */
function bearerIn(body) {
  return body?.data?.authToken ?? body?.data?.token ?? body?.auth_token ?? body?.access_token ?? body?.jwt_token;
}

function asksWho(button) {
  const shown = button.nextElementSibling;
  let bearer;
  button.addEventListener("click", async () => {
    const answer = await fetch(button.dataset.who, { headers: { Authorization: `Bearer ${bearer}` } });
    shown.firstElementChild.textContent = JSON.stringify(await answer.json(), null, 2);
    shown.hidden = false;
  });
  return (found) => {
    bearer = found;
    button.disabled = false;
  };
}

/* Swagger UI has a dark half of its own, but looks for a class and not at the reader's wish. */
function followsTheEye() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}
