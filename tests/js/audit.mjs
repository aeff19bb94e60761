// Asks the npm registry for known weaknesses of the packages in a folder. A registry that does not answer is told and
// is no failure: no network is no weakness. Usage: node audit.mjs FOLDER
import { spawnSync } from "node:child_process";

const folder = process.argv[2] ?? ".";
const asked = spawnSync("npm", ["audit", "--json"], { cwd: folder, timeout: 20_000, encoding: "utf8" });
let answer = {};
try {
  answer = JSON.parse(asked.stdout);
} catch {
  // Said below.
}
const found = answer.metadata?.vulnerabilities;
if (!found) {
  const why = answer.message ?? answer.error?.summary ?? asked.error?.message ?? "no answer";
  console.warn(`npm audit of ${folder}: not asked (${String(why).split("\n")[0]})`);
} else if (found.high + found.critical > 0) {
  console.error(`npm audit of ${folder}: ${found.critical} critical, ${found.high} high; see npm audit there`);
  process.exit(1);
} else {
  console.log(`npm audit of ${folder}: nothing high or critical`);
}
