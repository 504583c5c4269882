// A person in a real browser (Debian's chromium, headless), through the frontend's Service.
//
//   browser.mjs BASE STATE before|after [SCREENSHOT]
//
// before: makes an account, adds two todos, completes one. after: the session that STATE keeps still
// holds, and the list is as it was; then signs out and in again. Prints ok and not ok lines.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";

const { chromium } = createRequire(process.env.PLAYWRIGHT + "/")("playwright-core");
const [base, state, phase, screenshot] = process.argv.slice(2);
const PERSON = { name: "Ann Example", email: "ann@example.com", password: "correct horse battery" };
let failed = 0;

async function check(name, action) {
  try {
    await action();
    console.log(`ok browser: ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok browser: ${name}: ${String(error.message ?? error).split("\n")[0]}`);
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"],
});
const context = await browser.newContext({
  baseURL: base,
  viewport: { width: 1100, height: 700 },
  ...(existsSync(state) ? { storageState: state } : {}),
});
context.setDefaultTimeout(Number(process.env.BROWSER_TIMEOUT_MS ?? 30_000));
const page = await context.newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(error.message));
page.on("console", (line) => /Error:/.test(line.text()) && complaints.push(line.text().split("\n")[0]));

const box = (title) => page.getByRole("checkbox", { name: `Complete ${title}` });
async function expectChecked(title, wanted) {
  await box(title).waitFor();
  const got = await box(title).isChecked();
  if (got !== wanted) throw new Error(`'${title}' is ${got ? "" : "not "}completed`);
}

if (phase === "before") {
  await check("without a session the sign-in page is shown", async () => {
    await page.goto("/");
    await page.waitForURL("**/sign-in");
  });
  await check("an account is made", async () => {
    await page.getByRole("button", { name: "I am new here" }).click();
    await page.getByLabel("Name").fill(PERSON.name);
    await page.getByLabel("Email").fill(PERSON.email);
    await page.getByLabel("Password").fill(PERSON.password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText(PERSON.name).waitFor();
  });
  await check("todos are added", async () => {
    for (const title of ["Buy milk", "Roll back safely"]) {
      await page.getByLabel("New todo").fill(title);
      await page.getByRole("button", { name: "Add" }).click();
      await box(title).waitFor();
    }
  });
  await check("one is completed", async () => {
    await Promise.all([
      page.waitForResponse((r) => r.request().method() === "PATCH" && r.ok()),
      box("Buy milk").check(),
    ]);
    await page.getByText("1 open").waitFor();
  });
} else {
  await check("the session still holds", async () => {
    await page.goto("/");
    await page.getByText(PERSON.name).waitFor();
  });
}
await check("the list is stored", async () => {
  await page.reload();
  await expectChecked("Buy milk", true);
  await expectChecked("Roll back safely", false);
});
if (phase === "after") {
  await check("the chat says that there is no key", () => page.getByText("OPENAI_API_KEY is not set").waitFor());
  await check("signing out and in again", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in");
    await page.getByLabel("Email").fill(PERSON.email);
    await page.getByLabel("Password").fill("wrong password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: /invalid/i }).waitFor();
    await page.getByLabel("Password").fill(PERSON.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expectChecked("Buy milk", true);
  });
}
await check("no script failed", async () => {
  if (complaints.length) throw new Error(complaints.join("; "));
});
if (screenshot) await page.screenshot({ path: screenshot });
await context.storageState({ path: state });
await browser.close();
process.exit(failed ? 1 : 0);
