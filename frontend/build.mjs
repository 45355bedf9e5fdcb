// Bundle each page's module (src/pages/*.ts) and copy the style sheets into dist/.
// `--watch` rebuilds the modules when a source changes.
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "dist");

/** The files of a folder with one ending, sorted; none if the folder does not exist. */
async function filesIn(folder, ending) {
  try {
    const names = await readdir(path.join(here, folder));
    return names.filter((name) => name.endsWith(ending)).sort();
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

const pages = (await filesIn("src/pages", ".ts")).filter((name) => !name.endsWith(".d.ts"));
const sheets = await filesIn("css", ".css");

const options = {
  absWorkingDir: here,
  entryPoints: pages.map((name) => path.join("src/pages", name)),
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  logLevel: "warning",
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
for (const name of sheets) await cp(path.join(here, "css", name), path.join(dist, name));

if (process.argv.includes("--watch")) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  if (pages.length > 0) await esbuild.build(options);
  console.log(`${pages.length} modules, ${sheets.length} style sheets`);
}
