// Bundle the tests of the pages' logic (tests/*.test.mjs) and run them: `node test.mjs`.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = await mkdtemp(path.join(tmpdir(), "hotline-pages-"));
try {
  const tests = (await readdir(path.join(here, "tests"))).filter((name) => name.endsWith(".test.mjs")).sort();
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: tests.map((name) => path.join("tests", name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  const files = tests.map((name) => path.join(out, name));
  process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
} finally {
  await rm(out, { recursive: true, force: true });
}
