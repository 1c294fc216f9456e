import { defineConfig, type Plugin } from "vite";

/** As every text file of the repository. */
const endsWithLineFeed: Plugin = {
  name: "ends-with-line-feed",
  enforce: "post",
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk") file.code = `${file.code.trimEnd()}\n`;
      else if (typeof file.source === "string") file.source = `${file.source.trimEnd()}\n`;
    }
  },
};

// Three files of fixed names, which rem-inspector/src/assets.rs includes: the same sources give the same bytes.
export default defineConfig({
  base: "./",
  plugins: [endsWithLineFeed],
  build: {
    outDir: "../assets",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        entryFileNames: "inspector.js",
        assetFileNames: "inspector[extname]",
        codeSplitting: false,
      },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
