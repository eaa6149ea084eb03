// Lets a test speak with nhost-js-sdk: a line of JSON in ({"call": …, "with": […]}), a line out.

const readline = require("node:readline");

const kept = {};
const storage = {
  getItem: (name) => kept[name] ?? null,
  setItem: (name, value) => { kept[name] = value; },
  removeItem: (name) => { delete kept[name]; },
};
// The SDK works in a browser only: it asks whether there is a window.
global.window = { localStorage: storage, location: { search: "", href: "" } };

const nhost = require("nhost-js-sdk").default;
nhost.initializeApp({ base_url: process.argv[2], client_storage: storage });
const auth = nhost.auth();

async function answer(line) {
  const asked = JSON.parse(line);
  try {
    const said = await auth[asked.call](...asked.with);
    return { said: said ?? null, kept, signedIn: auth.isAuthenticated() };
  } catch (error) {
    return { status: error.response?.status, said: error.response?.data ?? String(error), kept };
  }
}

readline.createInterface({ input: process.stdin })
  .on("line", async (line) => console.log(JSON.stringify(await answer(line))))
  .on("close", () => process.exit(0));
