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
  // While one works on it: the API of a program that runs, which refuses pages of elsewhere.
  server: {
    proxy: {
      "/api": {
        target: process.env["REM_INSPECTOR"] ?? "http://127.0.0.1:7878",
        changeOrigin: true,
        configure: (proxy) => proxy.on("proxyReq", (request) => request.removeHeader("origin")),
      },
    },
  },
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
