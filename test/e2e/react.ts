import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const REACT = ["scheduler", "react", "react-dom", "react-dom/client"];

/** React's pages are tested only where it is installed. */
export const hasReact = REACT.every((name) => {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
});

/**
 * Builds a script that defines `React` and `ReactDOM` from React's own CommonJS files, each as a
 * function.
 */
export function reactScript(): string {
  const modules = REACT.map((name) => {
    const folder = path.dirname(require.resolve(`${name.split("/")[0]}/package.json`));
    const file = path.join(folder, "cjs", `${name.replace("/", "-")}.production.js`);
    const text = readFileSync(file, "utf8").replaceAll("</script", "<\\/script");
    return `define(${JSON.stringify(name)}, function (module, exports, require) {${text}\n});`;
  });
  return `const modules = {};
    const load = (name) => modules[name]();
    function define(name, run) {
      let module;
      modules[name] = () => {
        if (!module) { module = { exports: {} }; run(module, module.exports, load); }
        return module.exports;
      };
    }
    ${modules.join("\n")}
    globalThis.React = load("react");
    globalThis.ReactDOM = load("react-dom/client");`;
}
