import react from "@vitejs/plugin-react";
import { defineConfig, esmExternalRequirePlugin } from "vite";

// What Airflow's UI has, and puts where a bundle finds it: two copies of React in one page do not work together.
const globals = {
  react: "React",
  "react-dom": "ReactDOM",
  "react-router-dom": "ReactRouterDOM",
  "react/jsx-runtime": "ReactJSXRuntime",
};

export default defineConfig({
  plugins: [react()],
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: "../plugins/csvdynamo_airflow/page",
    emptyOutDir: true,
    reportCompressedSize: false,
    lib: { entry: "src/main.tsx", fileName: () => "main.umd.js", formats: ["umd"], name: "AirflowPlugin" },
    rollupOptions: {
      // A dependency asks for React by require, which a browser does not have.
      plugins: [esmExternalRequirePlugin({ external: Object.keys(globals) })],
      output: { globals },
    },
  },
});
